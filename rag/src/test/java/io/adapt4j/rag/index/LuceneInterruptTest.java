package io.adapt4j.rag.index;

import static io.adapt4j.rag.index.Samples.EAST;
import static io.adapt4j.rag.index.Samples.both;
import static io.adapt4j.rag.index.Samples.entry;
import static io.adapt4j.rag.index.Samples.ids;
import static io.adapt4j.rag.index.Samples.words;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** An interrupt of one thread harms neither its own call nor those of others. */
@Timeout(120)
class LuceneInterruptTest {

  private static final int WRITERS = 3;
  private static final int READERS = 2;
  private static final int ROUNDS = 10;

  @TempDir private Path folder;

  private LuceneIndex.Builder builder() {
    return LuceneIndex.builder(folder).embeddings("m", 3);
  }

  static List<CommitPolicy> policies() {
    return List.of(
        new CommitPolicy.EachBatch(),
        new CommitPolicy.Every(Duration.ofMillis(5)),
        new CommitPolicy.OnClose());
  }

  @AfterEach
  void clearFlag() {
    Thread.interrupted();
  }

  @Test
  void everyCallOfAnInterruptedThreadEndsAsUsualAndKeepsItsFlag() {
    Thread.currentThread().interrupt();
    try (LuceneIndex index = builder().open()) {
      index.putAll(List.of(entry("a", "words", EAST), entry("b", "words", EAST)));
      index.delete(List.of("b"));
      index.commit();
      index.compact();
      assertThat(ids(index.search(both("words", EAST)))).containsExactly("a#0");
      assertThat(index.document("a")).isPresent();
      assertThat(index.chunks("a", 0, 5)).hasSize(1);
      assertThat(index.vectors(index.chunks("a", 0, 5))).containsKey("a#0");
      assertThat(index.contentHashes()).containsOnlyKeys("a");
      try (LuceneIndex reader = builder().openForReading()) {
        index.putAll(List.of(entry("c", "words", EAST)));
        assertThat(reader.documentCount()).isEqualTo(2);
      }
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
    }
    assertThat(Thread.interrupted()).isTrue();
    try (LuceneIndex index = builder().openForReading()) {
      assertThat(index.contentHashes()).containsOnlyKeys("a", "c");
    }
  }

  @ParameterizedTest
  @MethodSource("policies")
  void aStormOfInterruptsLosesNothing(CommitPolicy policy) throws InterruptedException {
    Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    ConcurrentSkipListSet<String> expected = new ConcurrentSkipListSet<>();
    AtomicInteger flags = new AtomicInteger();
    AtomicBoolean done = new AtomicBoolean();
    LuceneIndex index = builder().commit(policy).open();
    LuceneIndex other = builder().openForReading();
    List<Thread> writers = new ArrayList<>();
    List<Thread> all = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      String name = "w" + i + "-";
      Thread writer = new Thread(caught(failures, () -> write(index, name, expected, flags)), name);
      writers.add(writer);
      all.add(writer);
    }
    for (int i = 0; i < READERS; i++) {
      all.add(new Thread(caught(failures, () -> read(index, done)), "reader" + i));
      all.add(new Thread(caught(failures, () -> read(other, done)), "other" + i));
    }
    all.forEach(Thread::start);
    while (writers.stream().anyMatch(Thread::isAlive)) {
      all.forEach(Thread::interrupt);
      Thread.sleep(0, 200_000);
    }
    done.set(true);
    for (Thread thread : all) {
      thread.join();
    }
    assertThat(failures).isEmpty();
    assertThat(flags.get()).isPositive();
    assertThat(index.contentHashes().keySet()).isEqualTo(new TreeSet<>(expected));
    index.putAll(List.of(entry("last", "words", EAST)));
    assertThat(index.search(words("words"))).isNotEmpty();
    other.close();
    index.close();
    try (LuceneIndex again = builder().verification(Verification.STRUCTURE).open()) {
      Map<String, String> hashes = again.contentHashes();
      expected.add("last");
      assertThat(hashes.keySet()).isEqualTo(new TreeSet<>(expected));
    }
  }

  private static Runnable caught(Queue<Throwable> failures, Runnable work) {
    return () -> {
      try {
        work.run();
      } catch (Throwable e) {
        failures.add(e);
      }
    };
  }

  private static void write(
      LuceneIndex index, String name, ConcurrentSkipListSet<String> expected, AtomicInteger flags) {
    for (int i = 0; i < ROUNDS; i++) {
      index.putAll(List.of(entry(name + i, "words " + i, EAST)));
      expected.add(name + i);
      index.putAll(List.of(entry(name + i, "words again " + i, EAST)));
      if (i % 3 == 2) {
        index.delete(List.of(name + (i - 1)));
        expected.remove(name + (i - 1));
      }
      if (i % 10 == 9) {
        index.commit();
      }
      // Every other time the flag stays set, as in a thread that does not look at it.
      if (i % 2 == 0 && Thread.interrupted()) {
        flags.incrementAndGet();
      }
    }
  }

  private static void read(LuceneIndex index, AtomicBoolean done) {
    while (!done.get()) {
      assertThat(index.search(both("words", EAST)).size()).isLessThanOrEqualTo(10);
      index.document("w0-0");
      index.documentCount();
    }
  }
}
