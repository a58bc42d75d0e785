/** What tools know of the network kernel: views and specs as netlink, sockets and packet sockets hand them over (simulator/kernel/api.ts). */
export type {
  Address, AddressSpec, AddressView, BridgeOptions, BridgePortOptions, BridgePortView, BridgeTimers, Datagram, Endpoint, Family, FdbView, LinkChange, LinkDetails,
  LinkIndex, LinkKind, LinkSpec, LinkStats, LinkView, Mac, MdbView, NeighbourSpec, NeighbourState, NeighbourView, NetlinkEvent, NetnsId, NextHop, OperState,
  QdiscView, Readiness, RouteAnswer, RouteMode, RouteQuery, RouteSpec, RouteType, RouteView, RuleView, Scope, SocketErrorReport, SocketId, SocketOptions,
  SocketType, SocketView, TcpStateName,
} from '../../simulator/kernel/api.ts';
