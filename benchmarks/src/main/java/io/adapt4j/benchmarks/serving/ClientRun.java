package io.adapt4j.benchmarks.serving;

import io.adapt4j.benchmarks.harness.Latencies;
import io.adapt4j.benchmarks.harness.Timing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Measurements by the clients of a server: streamed answers to requests that each client sends one
 * after the other.
 *
 * @param rate new tokens per second of all clients
 * @param first time to the first token of each request
 * @param between time between two pieces of an answer
 * @param cached tokens of all prompts, and how many of them the server says it took from its cache
 */
record ClientRun(double rate, Latencies first, Latencies between, String cached) {

  private static final int TIMEOUT_MILLIS = 600_000;
  private static final Pattern TOKENS = Pattern.compile("\"completion_tokens\": *(\\d+)");
  private static final Pattern PROMPT = Pattern.compile("\"prompt_tokens\": *(\\d+)");
  private static final Pattern CACHED = Pattern.compile("\"cached_tokens\": *(\\d+)");
  private static final Pattern TEXT = Pattern.compile("\"text\": *\"[^\"]");

  private static final int END_ID = 2;

  /** Tokens of an answer, of its prompt, and of that from the cache. */
  private record Usage(int answer, int prompt, int cached) {}

  static ClientRun of(ServerProcess server, Load load, int clients, int round) {
    Latencies first = new Latencies();
    Latencies between = new Latencies();
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    try {
      // The first answer of a server compiles and allocates.
      ask(server, load, load.prompts(-1, round).get(0), new Latencies(), new Latencies());
      long begun = System.nanoTime();
      List<Usage> usage =
          Timing.together(
              IntStream.range(0, clients).boxed().toList(),
              threads,
              client -> client(server, load, load.prompts(client, round), first, between));
      double seconds = Timing.since(begun);
      int answers = usage.stream().mapToInt(Usage::answer).sum();
      int prompts = usage.stream().mapToInt(Usage::prompt).sum();
      int cached = usage.stream().mapToInt(Usage::cached).sum();
      return new ClientRun(
          answers / seconds, first, between, prompts + ", of which from the cache " + cached);
    } finally {
      threads.shutdown();
    }
  }

  private static Usage client(
      ServerProcess server,
      Load load,
      List<List<Integer>> prompts,
      Latencies first,
      Latencies between) {
    int answers = 0;
    int asked = 0;
    int cached = 0;
    for (List<Integer> prompt : prompts) {
      Usage usage = ask(server, load, prompt, first, between);
      answers += usage.answer();
      asked += usage.prompt();
      cached += usage.cached();
    }
    return new Usage(answers, asked, cached);
  }

  private static Usage ask(
      ServerProcess server, Load load, List<Integer> prompt, Latencies first, Latencies between) {
    String body =
        """
        {"model":"m","temperature":0,"max_tokens":%d,"stream":true,"logit_bias":{"%d":-100},\
        "stream_options":{"include_usage":true},"prompt":[%s]}"""
            .formatted(
                load.answerTokens(),
                END_ID,
                prompt.stream().map(String::valueOf).collect(Collectors.joining(",")));
    try (RawClient client = new RawClient(server.address(), TIMEOUT_MILLIS)) {
      long last = System.nanoTime();
      client.post("/v1/completions", body, 1);
      int status = client.status();
      if (status != 200) {
        throw new IllegalStateException(status + ": " + client.rest());
      }
      StringBuilder usage = new StringBuilder();
      boolean begun = false;
      for (String part = client.part(); !part.isEmpty(); part = client.part()) {
        if (TEXT.matcher(part).find()) {
          long now = System.nanoTime();
          (begun ? between : first).add((now - last) / 1e6);
          last = now;
          begun = true;
        }
        if (part.contains("completion_tokens")) {
          usage.append(part);
        }
      }
      int tokens = last(TOKENS, usage);
      if (tokens != load.answerTokens()) {
        throw new IllegalStateException(
            "expected " + load.answerTokens() + " tokens, found " + tokens + ": " + usage);
      }
      return new Usage(tokens, last(PROMPT, usage), last(CACHED, usage));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int last(Pattern pattern, CharSequence text) {
    Matcher matcher = pattern.matcher(text);
    int found = 0;
    while (matcher.find()) {
      found = Integer.parseInt(matcher.group(1));
    }
    return found;
  }
}
