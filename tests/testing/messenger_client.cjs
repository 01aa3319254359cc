// The npm client of Messenger makes the calls that it is told, one after the other, and prints what each returned.
// node messenger_client.cjs FOLDER_OF_THE_PACKAGE '{"config": {...}, "calls": [["sendText", "7301", "hello"], ...]}'
const [folder, told] = process.argv.slice(2);
const { MessengerClient } = require(folder);
const { config, calls } = JSON.parse(told);
const client = new MessengerClient(config);

(async () => {
  const results = [];
  for (const [name, ...given] of calls) {
    try {
      results.push({ ok: await client[name](...given) });
    } catch (error) {
      results.push({ error: error.message, status: error.response && error.response.status });
    }
  }
  process.stdout.write(JSON.stringify(results));
})();
