package io.adapt4j.verification.threads;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.core.text.AnswerCache;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.split.Splitter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What threads share by files: what holds whenever one looks. */
class SharedFilesTest {

  private static final int THREADS = 4;
  private static final int ROUNDS = Integer.getInteger("adapt4j.rounds", 30);

  @TempDir private Path folder;

  /** Work of one of several threads. */
  private interface Work {

    /** Does it; threads are counted from 0. */
    void run(int thread) throws Exception;
  }

  private static void atOnce(Work work) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int thread = i;
        all.add(
            threads.submit(
                () -> {
                  work.run(thread);
                  return null;
                }));
      }
      for (Future<?> done : all) {
        done.get(60, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aLockHasOneHolderAndLeavesNoFile() throws Exception {
    Path file = folder.resolve("lock");
    AtomicInteger holders = new AtomicInteger();
    AtomicInteger taken = new AtomicInteger();
    atOnce(
        thread -> {
          while (taken.get() < ROUNDS) {
            Optional<ProcessLock> lock = ProcessLock.tryTake(file);
            if (lock.isPresent()) {
              try (ProcessLock held = lock.get()) {
                assertThat(holders.incrementAndGet()).isOne();
                assertThat(file).exists();
                taken.incrementAndGet();
                holders.decrementAndGet();
              }
            }
          }
        });
    assertThat(file).doesNotExist();
  }

  /** A small cache, so that answers are deleted while others read them. */
  @Test
  void aKeptAnswerIsTheAnswerAlsoWhileOthersAreDeleted() throws Exception {
    AnswerCache cache = AnswerCache.at(folder.resolve("answers"), 2_000);
    TextGenerator generator =
        TextGenerator.cached(
            new TextGenerator() {
              @Override
              public GeneratedText generate(
                  List<io.adapt4j.core.chat.ChatMessage> messages, GenerationOptions options) {
                return GeneratedText.of("answer to " + messages.get(0).content());
              }

              @Override
              public Optional<String> identity() {
                return Optional.of("test");
              }
            },
            cache);
    atOnce(
        thread -> {
          for (int i = 0; i < ROUNDS; i++) {
            String question = "question " + (i + thread) % 12;
            assertThat(generator.generate(question, GenerationOptions.defaults()).text())
                .isEqualTo("answer to " + question);
            if (i % 10 == thread) {
              cache.prune(0);
            }
          }
        });
    try (var files = Files.walk(folder)) {
      assertThat(files.filter(Files::isRegularFile).map(Path::toString))
          .allMatch(name -> name.endsWith(".json"));
    }
  }

  /** All chunks of a document come from one version of it, and what was added stays. */
  @Test
  void readersOfAnIndexSeeWholeDocuments() throws Exception {
    AtomicInteger written = new AtomicInteger();
    try (LuceneIndex index = LuceneIndex.builder(folder.resolve("index")).open()) {
      index.putAll(List.of(version(0)));
      atOnce(
          thread -> {
            if (thread == 0) {
              for (int i = 1; i <= ROUNDS; i++) {
                index.putAll(List.of(version(i)));
                written.set(i);
              }
              return;
            }
            int seen = 0;
            while (written.get() < ROUNDS) {
              int before = written.get();
              List<Chunk> chunks = index.chunks("d", 0, 100);
              int found = number(chunks.get(0).text());
              assertThat(chunks).allMatch(chunk -> number(chunk.text()) == found);
              assertThat(found).isGreaterThanOrEqualTo(Math.max(seen, before));
              assertThat(index.documentCount()).isOne();
              seen = found;
            }
          });
      assertThat(index.document("d").orElseThrow().text()).startsWith("v" + ROUNDS + " ");
    }
  }

  private static SearchIndex.Entry version(int number) {
    Document document = Document.of("d", ("v" + number + " is a sentence of words. ").repeat(40));
    List<Chunk> chunks = Splitter.builder().maxTokens(16).overlap(0).build().split(document);
    return new SearchIndex.Entry(document, chunks, List.of());
  }

  private static int number(String text) {
    String digits = text.replaceAll("(?s)^.*?v(\\d+) .*$", "$1");
    return Integer.parseInt(digits);
  }
}
