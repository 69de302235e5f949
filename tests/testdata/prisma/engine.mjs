#!/usr/bin/env node
// Stands in for Prisma's native schema engine, which npm does not carry: the unmodified CLI speaks JSON-RPC to it over
// stdin and stdout, and Prisma's own engine, as published for WebAssembly, answers through Prisma's own adapter for pg.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory, DriverAdapterError } from "@prisma/driver-adapter-utils";
import * as engine from "@prisma/schema-engine-wasm/schema_engine_bg";
import { parse } from "postgres-array";

const [TEXT, TEXTS] = [25, 1009];
// The catalog's own types, which the adapter does not know: "char", name and name[].
const CATALOG_TYPES = { 18: TEXT, 19: TEXT, 1003: TEXTS };

function option(name) {
  return process.argv.flatMap((argument, at) => (argument === name ? [process.argv[at + 1]] : []));
}

function adapted(adapter) {
  const performIO = adapter.performIO.bind(adapter);
  adapter.performIO = async (query) => {
    const result = await performIO(query);
    result.fields.forEach((field, column) => {
      if (field.dataTypeID === 1003) {
        result.rows.forEach((row) => (row[column] = row[column] === null ? null : parse(row[column])));
      }
      field.dataTypeID = CATALOG_TYPES[field.dataTypeID] ?? field.dataTypeID;
    });
    return result;
  };
  // The native engine sends a file as one simple query; the adapter would split it at each semicolon, also in quotes.
  adapter.executeScript = async (script) => {
    try {
      await adapter.underlyingDriver().query(script);
    } catch (error) {
      adapter.onError(error);
    }
  };
  return adapter;
}

class Factory extends PrismaPg {
  constructor({ url, shadowDatabaseUrl }) {
    const schema = new URL(url).searchParams.get("schema") ?? "public";
    const path = encodeURIComponent(`-csearch_path="${schema}"`);
    const plain = new URL(url);
    plain.searchParams.delete("schema");
    super({ connectionString: `${plain}${plain.search ? "&" : "?"}options=${path}`, max: 1 }, { schema });
    this.shadow = shadowDatabaseUrl;
  }

  async connect() {
    return adapted(await super.connect());
  }

  async connectToShadowDb() {
    if (!this.shadow) {
      throw new DriverAdapterError({ kind: "DatabaseDoesNotExist", db: "shadowDatabaseUrl" });
    }
    const shadow = await new Factory({ url: this.shadow }).connect();
    await shadow.executeScript("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public");
    return shadow;
  }
}

const wasm = createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm").replace(/\.js$/, "_bg.wasm");
const { instance } = await WebAssembly.instantiate(readFileSync(wasm), { "./schema_engine_bg.js": engine });
engine.__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start();

let panic = "";
globalThis.PRISMA_WASM_PANIC_REGISTRY = { set_message: (message) => (panic = message) };

const datamodels = option("--datamodels").map((path) => [path, readFileSync(path, "utf-8")]);
const factory = new Factory(JSON.parse(option("--datasource")[0]));
if (process.argv.includes("cli")) {
  // can-connect-to-database: it ends with 0, or says on stderr, as the native engine logs, why not.
  try {
    await (await factory.connect()).queryRaw({ sql: "SELECT 1", args: [], argTypes: [] });
    process.exit(0);
  } catch (error) {
    const fields = { error_code: "P1001", message: error.message };
    process.stderr.write(`${JSON.stringify({ level: "ERROR", target: "schema_engine::logger", fields })}\n`);
    process.exit(1);
  }
}

const bound = bindMigrationAwareSqlAdapterFactory(factory);
if (datamodels.length === 0) {
  datamodels.push(["schema.prisma", 'datasource db {\n  provider = "postgresql"\n}\n']); // what a diff compares names its own
}
const schemaEngine = await engine.SchemaEngine.new({ datamodels }, () => {}, bound);

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

function failed(id, error) {
  const message = panic || error.message;
  const data = { is_panic: panic !== "", message, meta: null, error_code: error.code };
  send({ id, error: { code: 4466, message, data } });
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (method === undefined) continue; // the CLI confirms what it was to print
  try {
    const result = (await schemaEngine[method === "getDatabaseVersion" ? "version" : method](params)) ?? {};
    if (result.stdout) send({ id: `print-${id}`, method: "print", params: { content: result.stdout } });
    send({ id, result });
  } catch (error) {
    failed(id, error);
  }
}
process.exit(0);
