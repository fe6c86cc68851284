import { create, createFileRegistry, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { file_google_rpc_error_details } from "../../../gen/google/rpc/error_details_pb.ts";
import {
  ServerReflection,
  type ServerReflectionRequestSchema,
} from "../../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as AlphaServerReflection } from "../../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { OrderService } from "../../../gen/orders/v1/order_service_pb.ts";
import { reflectionRoutes } from "./reflection-service.ts";

type Question = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]>;

const transport = createRouterTransport(reflectionRoutes([OrderService], [file_google_rpc_error_details]));

/** Asks all in one stream, as clients do; an answer for each question. */
async function ask(service: typeof ServerReflection, ...questions: Question[]) {
  async function* requests() {
    for (const messageRequest of questions) yield { host: "h", messageRequest };
  }
  const responses = createClient(service, transport).serverReflectionInfo(requests());
  return (await Array.fromAsync(responses)).map(({ messageResponse }) => messageResponse);
}

async function filesOf(question: Question): Promise<FileDescriptorProto[]> {
  const [answer] = await ask(ServerReflection, question);
  if (answer?.case !== "fileDescriptorResponse") throw new Error(`not files but ${JSON.stringify(answer)}`);
  return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

const names = async (question: Question) => (await filesOf(question)).map(({ name }) => name);

test.each([
  ["v1", ServerReflection],
  // The two versions have the same shape under another name.
  ["v1alpha", AlphaServerReflection as unknown as typeof ServerReflection],
])("%s lists the services and answers each question of a stream", async (_, service) => {
  const answers = await ask(
    service,
    { case: "listServices", value: "" },
    { case: "fileByFilename", value: "orders/v1/order.proto" },
    {
      case: "fileContainingExtension",
      value: { containingType: "google.protobuf.FieldOptions", extensionNumber: 1159 },
    },
  );
  expect(answers[0]).toMatchObject({
    case: "listServicesResponse",
    value: {
      service: [
        { name: "orders.v1.OrderService" },
        { name: "grpc.reflection.v1.ServerReflection" },
        { name: "grpc.reflection.v1alpha.ServerReflection" },
      ],
    },
  });
  expect(answers.slice(1).map((answer) => answer.case)).toEqual([
    "fileDescriptorResponse",
    "fileDescriptorResponse",
  ]);
});

test("a client can build the whole service from the files of one answer, rules and options too", async () => {
  const file = await filesOf({ case: "fileContainingSymbol", value: "orders.v1.OrderService" });
  expect(new Set(file.map(({ name }) => name)).size).toBe(file.length);
  const importsFirst = (one: FileDescriptorProto): FileDescriptorProto[] => [
    ...file.filter(({ name }) => one.dependency.includes(name)).flatMap(importsFirst),
    one,
  ];
  const ordered = importsFirst(file[0] as FileDescriptorProto);
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...new Set(ordered)] }));
  const service = registry.getService("orders.v1.OrderService");
  expect(service?.methods.map(({ name }) => name)).toEqual(OrderService.methods.map(({ name }) => name));
  expect(service?.method.getOrder?.idempotency).toBe(OrderService.method.getOrder.idempotency);
  expect(registry.getExtension("buf.validate.field")).toBeDefined();
});

test.each<[string, Question, string]>([
  [
    "a method",
    { case: "fileContainingSymbol", value: "orders.v1.OrderService.GetOrder" },
    "orders/v1/order_service.proto",
  ],
  ["an enum", { case: "fileContainingSymbol", value: "orders.v1.OrderStatus" }, "orders/v1/order.proto"],
  [
    "a message within a message",
    { case: "fileContainingSymbol", value: "google.rpc.BadRequest.FieldViolation" },
    "google/rpc/error_details.proto",
  ],
  [
    "an extension",
    { case: "fileContainingSymbol", value: "buf.validate.field" },
    "buf/validate/validate.proto",
  ],
  [
    "an extension's number",
    {
      case: "fileContainingExtension",
      value: { containingType: "google.protobuf.MessageOptions", extensionNumber: 1159 },
    },
    "buf/validate/validate.proto",
  ],
  [
    "a file",
    { case: "fileByFilename", value: "google/protobuf/timestamp.proto" },
    "google/protobuf/timestamp.proto",
  ],
])("the first file that comes for %s is the one that declares it", async (_, question, file) => {
  expect((await names(question))[0]).toBe(file);
});

test("the numbers of a message's extensions are told, also when it has none", async () => {
  const answers = await ask(
    ServerReflection,
    { case: "allExtensionNumbersOfType", value: "google.protobuf.FieldOptions" },
    { case: "allExtensionNumbersOfType", value: "orders.v1.Order" },
  );
  expect(answers).toMatchObject([
    { value: { baseTypeName: "google.protobuf.FieldOptions", extensionNumber: [1159, 1160] } },
    { value: { baseTypeName: "orders.v1.Order", extensionNumber: [] } },
  ]);
});

test.each<[string, Question, number]>([
  ["a file", { case: "fileByFilename", value: "nowhere.proto" }, 5],
  ["a symbol", { case: "fileContainingSymbol", value: "orders.v1.Nothing" }, 5],
  [
    "an extension",
    { case: "fileContainingExtension", value: { containingType: "orders.v1.Order", extensionNumber: 1 } },
    5,
  ],
  ["the extensions of a message", { case: "allExtensionNumbersOfType", value: "orders.v1.Nothing" }, 5],
  ["nothing", { case: undefined }, 3],
])(
  "asked for %s that is not there, the answer is an error and the stream goes on",
  async (_, question, errorCode) => {
    const [answer, next] = await ask(ServerReflection, question, { case: "listServices", value: "" });
    expect(answer).toMatchObject({ case: "errorResponse", value: { errorCode } });
    expect(next?.case).toBe("listServicesResponse");
  },
);
