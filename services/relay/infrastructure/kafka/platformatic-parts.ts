// What is used of @platformatic/kafka, from where it lies in the package: its index loads clients, schema registries and Avro besides, some
// 4 MB of memory that nobody here asks for. The package is pinned, and the types are those of its index.
type Index = typeof import("@platformatic/kafka");

const index = import.meta.resolve("@platformatic/kafka");
const load = (file: string): Promise<unknown> => import(new URL(file, index).href);

export const { MultipleErrors, NetworkError, ProtocolError, ResponseError, TimeoutError, UserError } =
  (await load("errors.js")) as Index;
export const { Writer } = (await load("protocol/writer.js")) as Index;
export const produceV8 = (await load("apis/producer/produce-v8.js")) as Index["produceV8"];
export const { Producer } = (await load("clients/producer/producer.js")) as Index;
