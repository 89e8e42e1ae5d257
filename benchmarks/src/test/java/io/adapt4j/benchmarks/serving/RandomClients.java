package io.adapt4j.benchmarks.serving;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Clients of a server that send, read, wait, disconnect and time out at random. Each fully read
 * answer is compared with that of the model in this process.
 */
final class RandomClients {

  /** Behavior of a client, with its percentage. */
  enum Manner {
    WHOLE(30),
    STREAM(25),
    SLOW_STREAM(5),
    LEAVES_IN_A_STREAM(15),
    LEAVES_AT_ONCE(10),
    TIMES_OUT(5),
    SENDS_A_PART(5),
    SENDS_NOTHING(2),
    ASKS_WRONGLY(3);

    private final int share;

    Manner(int share) {
      this.share = share;
    }

    private static Manner of(int percent) {
      int left = percent;
      for (Manner manner : values()) {
        left -= manner.share;
        if (left < 0) {
          return manner;
        }
      }
      throw new IllegalArgumentException("the shares are not 100 together");
    }
  }

  /** Outcome of a run. */
  record Outcome(Map<Manner, Integer> done, List<String> wrong, List<String> lost) {

    int total() {
      return done.values().stream().mapToInt(Integer::intValue).sum();
    }
  }

  /** A request with the expected answer. */
  private record Ask(String json, String answer) {

    String streamed() {
      return json.substring(0, json.length() - 1) + ",\"stream\":true}";
    }
  }

  private static final String PATH = "/v1/completions";
  private static final int PATIENCE_MILLIS = 60_000;

  private final URI address;
  private final List<Ask> asks = new ArrayList<>();
  private final Map<Manner, Integer> done = new EnumMap<>(Manner.class);
  private final List<String> wrong = new ArrayList<>();
  private final List<String> lost = new ArrayList<>();

  /** Prepares clients. */
  RandomClients(URI address, String name, LanguageModel model) {
    this.address = address;
    String story = "Once upon a time, there was a little girl named Lily.";
    for (int i = 0; i < 24; i++) {
      String prompt = story + " She saw a cat.".repeat(i % 6);
      int tokens = 5 + 7 * (i % 9);
      GenerationOptions options =
          GenerationOptions.builder().maxNewTokens(tokens).temperature(0.9).seed(i).build();
      String json =
          "{\"model\":\"%s\",\"prompt\":\"%s\",\"max_tokens\":%d,\"temperature\":0.9,\"seed\":%d}"
              .formatted(name, prompt, tokens, i);
      asks.add(new Ask(json, model.generate(prompt, options)));
    }
  }

  /** Runs clients for a number of seconds. */
  Outcome run(int clients, double seconds, long seed) throws InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    long end = System.nanoTime() + (long) (seconds * 1e9);
    SplittableRandom seeds = new SplittableRandom(seed);
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      SplittableRandom random = seeds.split();
      all.add(threads.submit(() -> ask(random, end)));
    }
    try {
      for (Future<?> client : all) {
        client.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } finally {
      threads.shutdown();
    }
    return new Outcome(Map.copyOf(done), List.copyOf(wrong), List.copyOf(lost));
  }

  private void ask(SplittableRandom random, long end) {
    while (System.nanoTime() < end) {
      Manner manner = Manner.of(random.nextInt(100));
      Ask ask = asks.get(random.nextInt(asks.size()));
      try {
        ask(manner, ask, random);
        synchronized (this) {
          done.merge(manner, 1, Integer::sum);
        }
      } catch (IOException e) {
        synchronized (this) {
          lost.add(manner + ": " + e);
        }
      }
    }
  }

  private void ask(Manner manner, Ask ask, SplittableRandom random) throws IOException {
    int timeout = manner == Manner.TIMES_OUT ? 1 + random.nextInt(30) : PATIENCE_MILLIS;
    try (RawClient client = new RawClient(address, timeout)) {
      switch (manner) {
        case WHOLE -> {
          client.post(PATH, ask.json(), 1);
          require(client.status() == 200, manner, "another status");
          String text = Json.parse(client.rest()).at("/choices/0/text").asText();
          require(text.equals(ask.answer()), manner, text + " for " + ask.answer());
        }
        case STREAM -> stream(client, manner, ask, 0);
        case SLOW_STREAM -> stream(client, manner, ask, 5 + random.nextInt(20));
        case LEAVES_IN_A_STREAM -> {
          client.post(PATH, ask.streamed(), 1);
          require(client.status() == 200, manner, "another status");
          for (int i = random.nextInt(4); i > 0; i--) {
            client.part();
          }
        }
        case LEAVES_AT_ONCE -> {
          client.post(PATH, random.nextBoolean() ? ask.json() : ask.streamed(), 1);
          pause(random.nextInt(20));
        }
        case TIMES_OUT -> timesOut(client, ask);
        case SENDS_A_PART -> {
          client.post(PATH, ask.json(), random.nextDouble());
          pause(random.nextInt(50));
        }
        case SENDS_NOTHING -> pause(random.nextInt(100));
        case ASKS_WRONGLY -> {
          client.post(PATH, ask.json().replace("max_tokens", "most_tokens"), 1);
          require(client.status() == 400, manner, "another status");
          require(client.rest().contains("most_tokens"), manner, "another error");
        }
      }
    }
  }

  private void stream(RawClient client, Manner manner, Ask ask, int pauseMillis)
      throws IOException {
    client.post(PATH, ask.streamed(), 1);
    require(client.status() == 200, manner, "another status");
    StringBuilder text = new StringBuilder();
    boolean complete = false;
    for (String part = client.part(); !part.isEmpty(); part = client.part()) {
      for (String event : part.split("\n\n", -1)) {
        if (event.startsWith("data: {")) {
          text.append(Json.parse(event.substring(6)).at("/choices/0/text").asText());
        }
        complete |= event.equals("data: [DONE]");
      }
      pause(pauseMillis);
    }
    require(complete, manner, "no end");
    require(text.toString().equals(ask.answer()), manner, text + " for " + ask.answer());
  }

  private static void timesOut(RawClient client, Ask ask) throws IOException {
    try {
      client.post(PATH, ask.json(), 1);
      client.status();
      client.rest();
    } catch (SocketTimeoutException e) {
      // Expected, unless the answer was faster.
    } catch (EOFException e) {
      throw new IOException("not out of time, but broken off", e);
    }
  }

  private synchronized void require(boolean holds, Manner manner, String otherwise) {
    if (!holds) {
      wrong.add(manner + ": " + otherwise);
    }
  }

  private static void pause(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
