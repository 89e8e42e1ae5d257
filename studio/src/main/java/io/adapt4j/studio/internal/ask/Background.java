package io.adapt4j.studio.internal.ask;

import io.adapt4j.serve.internal.http.DaemonThreads;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Requests to services that run, by key. What failed stays until it is forgotten. */
public final class Background implements AutoCloseable {

  private static final int AT_ONCE = 4;

  private final Map<String, String> states = new ConcurrentHashMap<>();
  private final Map<String, String> texts = new ConcurrentHashMap<>();
  private final ExecutorService threads =
      Executors.newFixedThreadPool(AT_ONCE, DaemonThreads.named("adapt4j-studio-ask-"));

  /** A request that writes its answer to a file. */
  @FunctionalInterface
  interface Request {
    void run() throws IOException;
  }

  /** Begins a request, unless it runs or has failed. */
  void begin(String key, Request request) {
    if (states.putIfAbsent(key, "") == null) {
      threads.execute(() -> run(key, request));
    }
  }

  private void run(String key, Request request) {
    try {
      request.run();
      states.remove(key);
    } catch (IOException | RuntimeException e) {
      states.put(key, e.getMessage() == null ? e.toString() : e.getMessage());
    } finally {
      texts.keySet().removeIf(text -> text.startsWith(key));
    }
  }

  /** Notes the text so far of an answer. */
  void say(String key, String text) {
    texts.put(key, text);
  }

  /** Returns the text so far of an answer; empty before its first word. */
  String said(String key) {
    return texts.getOrDefault(key, "");
  }

  /** Why a request failed; empty if it did not. */
  String problem(String key) {
    return states.getOrDefault(key, "");
  }

  /** Forgets a failure, so that the request can be sent again. */
  void forget(String key) {
    states.computeIfPresent(key, (same, problem) -> problem.isEmpty() ? problem : null);
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
