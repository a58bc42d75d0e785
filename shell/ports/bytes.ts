/** Text encodings and integers (simulator/bytes.ts). */
export * from '../../simulator/bytes.ts';
