// Sends record lines from stdin as the source system does: kafkajs, as NestJS' client configures it, a message of JSON text without a key.
// node nest_producer.js HOST:PORT
"use strict";

const readline = require("node:readline");
const { Kafka, logLevel, Partitioners } = require("kafkajs");

// A request takes so many messages.
const AT_ONCE = 200;

async function main() {
  const kafka = new Kafka({ clientId: "customer-service", brokers: [process.argv[2]], logLevel: logLevel.ERROR });
  const producer = kafka.producer({ createPartitioner: Partitioners.LegacyPartitioner, allowAutoTopicCreation: false });
  await producer.connect();
  let waiting = [];
  const send = async () => {
    const topics = new Map();
    for (const { topic, value } of waiting) {
      if (!topics.has(topic)) topics.set(topic, []);
      topics.get(topic).push({ value: JSON.stringify(value), headers: {} });
    }
    const topicMessages = [...topics].map(([topic, messages]) => ({ topic, messages }));
    waiting = [];
    await producer.sendBatch({ topicMessages });
  };
  for await (const line of readline.createInterface({ input: process.stdin })) {
    waiting.push(JSON.parse(line));
    if (waiting.length === AT_ONCE) await send();
  }
  if (waiting.length > 0) await send();
  await producer.disconnect();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
