package io.adapt4j.verification.memory;

import static io.adapt4j.verification.memory.Operations.SHORT;
import static io.adapt4j.verification.memory.Operations.SOURCE;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.model.Precision;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.rag.Rag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Threads that use something while others use, change or close it. */
final class ConcurrentOperations {

  private static final int THREADS = 4;
  private static final int SECONDS = 60;

  private final Operations shared;

  /** The same ones each time, since threads of libtorch come with them. */
  private final ExecutorService threads = Executors.newFixedThreadPool(THREADS, this::daemon);

  ConcurrentOperations(Operations shared) {
    this.shared = shared;
  }

  private Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "user");
    thread.setDaemon(true);
    return thread;
  }

  List<Operation> all() {
    return List.of(
        new Operation("generate at once", 6, this::generate),
        new Operation("close while generating", 6, this::closeModel),
        new Operation("close while embedding", 4, this::closeEmbedder),
        new Operation("close while searching", 3, this::closeIndex),
        new Operation("close while training adapters in and out", 4, this::adapters),
        new Operation("interrupt while generating", 4, this::interrupt));
  }

  private void generate(Random random) throws Exception {
    allOf(
        THREADS,
        number ->
            shared.known("at once " + number, shared.model.generate("Lily " + number, SHORT)));
  }

  private void closeModel(Random random) throws Exception {
    LanguageModel model = LanguageModel.load(SOURCE, Precision.FP32);
    long nanos = random.nextInt(20_000_000);
    allOf(
        THREADS,
        number -> {
          if (number == 0) {
            TimeUnit.NANOSECONDS.sleep(nanos);
            model.close();
            return;
          }
          untilClosed(
              () -> {
                switch (number) {
                  case 1 -> shared.known("Once of its own", model.generate("Once", SHORT));
                  case 2 -> model.generateAll(List.of("Lily", "Tom"), SHORT);
                  default ->
                      shared.known("score of its own", model.score("Lily", " ran").toString());
                }
              });
        });
    Failures.refused("closed", () -> model.generate("Once", SHORT));
  }

  private void closeEmbedder(Random random) throws Exception {
    TextEmbedder embedder = TextEmbedder.load(SOURCE, Precision.FP32);
    long nanos = random.nextInt(10_000_000);
    allOf(
        THREADS,
        number -> {
          if (number == 0) {
            TimeUnit.NANOSECONDS.sleep(nanos);
            embedder.close();
            return;
          }
          untilClosed(() -> shared.known("embed Once", Arrays.hashCode(embedder.embed("Once"))));
        });
  }

  private void closeIndex(Random random) throws Exception {
    Path folder = Files.createTempDirectory(shared.folder, "closing");
    try {
      Rag rag = Rag.builder().embeddings(shared.embeddings()).index(folder.resolve("i")).build();
      rag.add(Operations.documents());
      long nanos = random.nextInt(20_000_000);
      allOf(
          THREADS,
          number -> {
            if (number == 0) {
              TimeUnit.NANOSECONDS.sleep(nanos);
              rag.close();
              return;
            }
            untilClosed(
                () -> {
                  if (number == 1) {
                    rag.add(Operations.documents());
                  } else {
                    Operations.requireFound(rag);
                  }
                });
          });
    } finally {
      Folders.delete(folder);
    }
  }

  private void adapters(Random random) throws Exception {
    LanguageModel model = LanguageModel.load(SOURCE, Precision.FP32);
    LoraAdapter adapter = LoraAdapter.at(shared.folder.resolve("adapter").resolve("last"));
    model.addAdapter("a", adapter);
    long nanos = random.nextInt(40_000_000);
    allOf(
        THREADS,
        number -> {
          if (number == 0) {
            TimeUnit.NANOSECONDS.sleep(nanos);
            model.close();
            return;
          }
          untilClosed(
              () -> {
                switch (number) {
                  case 1 -> model.replaceAdapter("a", adapter);
                  case 2 -> {
                    model.addAdapter("b", adapter);
                    model.removeAdapter("b");
                  }
                  default ->
                      shared.known("with adapter", model.withAdapter("a").generate("Lily", SHORT));
                }
              });
        });
  }

  private void interrupt(Random random) throws Exception {
    List<Thread> users = new ArrayList<>();
    List<Future<?>> calls = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      int number = i;
      calls.add(
          threads.submit(
              () -> {
                synchronized (users) {
                  users.add(Thread.currentThread());
                }
                try {
                  String text = shared.model.generate("Tom " + number, RightOperations.longest(30));
                  shared.known("interrupted " + number, text);
                } finally {
                  synchronized (users) {
                    users.remove(Thread.currentThread());
                  }
                  Thread.interrupted();
                }
              }));
    }
    TimeUnit.NANOSECONDS.sleep(random.nextInt(10_000_000));
    synchronized (users) {
      users.forEach(Thread::interrupt);
    }
    await(calls);
  }

  /** Work of one of several threads. */
  private interface Work {

    /** Does it. */
    void run(int number) throws Exception;
  }

  private void allOf(int count, Work work) throws Exception {
    List<Future<?>> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int number = i;
      calls.add(
          threads.submit(
              () -> {
                work.run(number);
                return null;
              }));
    }
    await(calls);
  }

  /** The first failure that is not an expected one, else any. */
  private static void await(List<Future<?>> calls) throws Exception {
    Throwable failure = null;
    for (Future<?> call : calls) {
      try {
        call.get(SECONDS, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        Thread.getAllStackTraces()
            .forEach((thread, stack) -> System.err.println(thread + " " + Arrays.toString(stack)));
        throw new AssertionError("a call does not end", e);
      } catch (ExecutionException e) {
        if (failure == null || Failures.isExpected(failure)) {
          failure = e.getCause();
        }
      }
    }
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure != null) {
      throw (Exception) failure;
    }
  }

  private static void untilClosed(Failures.Call call) throws Exception {
    while (true) {
      try {
        call.run();
      } catch (IllegalStateException e) {
        if (String.valueOf(e.getMessage()).contains("closed")) {
          return;
        }
        throw e;
      }
    }
  }
}
