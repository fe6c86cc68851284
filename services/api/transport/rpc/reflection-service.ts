import {
  create,
  type DescFile,
  type DescService,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from "../../../gen/grpc/reflection/v1/reflection_pb.ts";
import {
  ServerReflectionRequestSchema as AlphaRequestSchema,
  ServerReflectionResponseSchema as AlphaResponseSchema,
  ServerReflection as AlphaServerReflection,
} from "../../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { createDescriptorIndex, withDependencies } from "./descriptor-index.ts";

type MessageResponse = NonNullable<
  MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]
>;

/**
 * gRPC server reflection (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md), with which grpcurl, buf curl and ghz call
 * without the contract's files. Version v1alpha as well, for many clients still ask for that one; only its package's name differs.
 *
 * @param more files with what is not reached from the services, such as the details of errors
 */
export function reflectionRoutes(
  services: readonly DescService[],
  more: readonly DescFile[],
): (router: ConnectRouter) => void {
  const served = [...services, ServerReflection, AlphaServerReflection];
  const service = served.map(({ typeName }) => ({ name: typeName }));
  const index = createDescriptorIndex([...served.map(({ file }) => file), ...more]);

  const filesOf = (file: DescFile | undefined, asked: string): MessageResponse => {
    if (!file) return notFound(asked);
    return { case: "fileDescriptorResponse", value: { fileDescriptorProto: withDependencies(file) } };
  };
  const answer = ({ messageRequest: asked }: ServerReflectionRequest): MessageResponse => {
    switch (asked.case) {
      case "listServices":
        return { case: "listServicesResponse", value: { service } };
      case "fileByFilename":
        return filesOf(index.fileByName(asked.value), asked.value);
      case "fileContainingSymbol":
        return filesOf(index.fileOfSymbol(asked.value), asked.value);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = asked.value;
        const file = index.fileOfExtension(containingType, extensionNumber);
        return filesOf(file, `${containingType} ${extensionNumber}`);
      }
      case "allExtensionNumbersOfType": {
        const extensionNumber = index.extensionNumbers(asked.value);
        if (!extensionNumber) return notFound(asked.value);
        return { case: "allExtensionNumbersResponse", value: { baseTypeName: asked.value, extensionNumber } };
      }
      default:
        return refusal(Code.InvalidArgument, "the request asks for nothing");
    }
  };
  const respond = (request: ServerReflectionRequest): ServerReflectionResponse =>
    create(ServerReflectionResponseSchema, {
      validHost: request.host,
      originalRequest: request,
      messageResponse: answer(request),
    });

  return (router) => {
    router.service(ServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) yield respond(request);
      },
    });
    router.service(AlphaServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) {
          const same = fromBinary(ServerReflectionRequestSchema, toBinary(AlphaRequestSchema, request));
          yield fromBinary(AlphaResponseSchema, toBinary(ServerReflectionResponseSchema, respond(same)));
        }
      },
    });
  };
}

function notFound(asked: string): MessageResponse {
  return refusal(Code.NotFound, `${asked} is not known here`);
}

function refusal(errorCode: Code, errorMessage: string): MessageResponse {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
