/** Reading and writing of IPv4, IPv6 and Ethernet addresses (simulator/wire/). */
export * from '../../simulator/wire/ip4.ts';
export * from '../../simulator/wire/ip6.ts';
export * from '../../simulator/wire/mac.ts';
