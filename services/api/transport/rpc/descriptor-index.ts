import { type DescExtension, type DescFile, toBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** What clients of server reflection look up in the files of a contract. */
export interface DescriptorIndex {
  fileByName(name: string): DescFile | undefined;
  /** `symbol` is the full name of a message, enum, extension, service or method. */
  fileOfSymbol(symbol: string): DescFile | undefined;
  fileOfExtension(extendee: string, number: number): DescFile | undefined;
  /** Ascending, without those that nobody uses; undefined when there is no such message. */
  extensionNumbers(extendee: string): number[] | undefined;
}

/** Indexes the files and all that they import. */
export function createDescriptorIndex(roots: readonly DescFile[]): DescriptorIndex {
  const files = new Map(roots.flatMap(transitive).map((file) => [file.proto.name, file]));
  const symbols = new Map<string, DescFile>();
  const extensions = new Map<string, Map<number, DescExtension>>();
  for (const file of files.values()) {
    for (const type of nestedTypes(file)) {
      symbols.set(type.typeName, file);
      if (type.kind === "service") {
        for (const { name } of type.methods) symbols.set(`${type.typeName}.${name}`, file);
      } else if (type.kind === "message") {
        if (!extensions.has(type.typeName)) extensions.set(type.typeName, new Map());
      } else if (type.kind === "extension") {
        const known = extensions.get(type.extendee.typeName) ?? new Map();
        extensions.set(type.extendee.typeName, known.set(type.number, type));
      }
    }
  }
  return {
    fileByName: (name) => files.get(name),
    fileOfSymbol: (symbol) => symbols.get(symbol),
    fileOfExtension: (extendee, number) => extensions.get(extendee)?.get(number)?.file,
    extensionNumbers(extendee) {
      const known = extensions.get(extendee);
      return known && [...known.keys()].sort((a, b) => a - b);
    },
  };
}

/** The file and all that it imports, each once and the file first, as serialized FileDescriptorProtos. */
export function withDependencies(file: DescFile): Uint8Array[] {
  return [...new Set(transitive(file))].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
}

function transitive(file: DescFile): DescFile[] {
  return [file, ...file.dependencies.flatMap(transitive)];
}
