package io.adapt4j.rag.index;

import static io.adapt4j.rag.index.Samples.EAST;
import static io.adapt4j.rag.index.Samples.entry;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexFileNames;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FilterDirectory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Changes, commits and closing at the same time, with a disk that takes its time. */
@Timeout(60)
class LuceneWriterTest {

  private final SlowDirectory directory = new SlowDirectory();
  private LuceneWriter writer;

  /** A directory whose files reach the disk when the test lets them. */
  private static final class SlowDirectory extends FilterDirectory {

    private final CountDownLatch writing = new CountDownLatch(1);
    private final CountDownLatch written = new CountDownLatch(1);

    SlowDirectory() {
      super(new ByteBuffersDirectory());
    }

    @Override
    public void sync(Collection<String> names) throws IOException {
      super.sync(names);
      // The list of segments is written under a lock that closing needs too, before the segments.
      if (names.stream().noneMatch(name -> name.startsWith(IndexFileNames.PENDING_SEGMENTS))) {
        writing.countDown();
        try {
          written.await();
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
      }
    }
  }

  @BeforeEach
  void open() throws IOException {
    LuceneOptions options =
        new LuceneOptions(
            Path.of("unused"),
            "m",
            3,
            "ANY",
            new StandardAnalyzer(),
            Quantization.NONE,
            16,
            100,
            100,
            1.2f,
            0.75f,
            new CommitPolicy.OnClose(),
            16,
            Verification.NONE);
    IndexWriterConfig config = new IndexWriterConfig(options.analyzer());
    writer = new LuceneWriter(options, new IndexWriter(directory, config));
  }

  @Test
  void commitsAtTheSameTimeCountEachChangeOnce() throws Exception {
    writer.put(List.of(entry("a", "words", EAST)));
    Running first = start(writer::commit);
    directory.writing.await();
    Running second = start(writer::commit);
    second.awaitBlocked();
    directory.written.countDown();
    first.join();
    second.join();
    assertThat(writer.lostChanges()).isZero();
    writer.put(List.of(entry("b", "words", EAST)));
    assertThat(writer.lostChanges()).isEqualTo(1);
    writer.close();
  }

  @Test
  void aChangeDuringACommitIsNotCommittedByIt() throws Exception {
    writer.put(List.of(entry("a", "words", EAST)));
    Running commit = start(writer::commit);
    directory.writing.await();
    writer.put(List.of(entry("b", "words", EAST)));
    directory.written.countDown();
    commit.join();
    assertThat(writer.lostChanges()).isEqualTo(1);
    writer.commit();
    assertThat(writer.lostChanges()).isZero();
    writer.close();
  }

  @Test
  void closingWaitsForACommitAndKeepsLaterChanges() throws Exception {
    writer.put(List.of(entry("a", "words", EAST)));
    Running commit = start(writer::commit);
    directory.writing.await();
    writer.put(List.of(entry("b", "words", EAST)));
    Running close = start(writer::close);
    close.awaitBlocked();
    directory.written.countDown();
    commit.join();
    close.join();
    try (DirectoryReader reader = DirectoryReader.open((Directory) directory)) {
      assertThat(reader.getDocCount(LuceneFields.WORDS)).isEqualTo(2);
    }
  }

  private interface Action {
    void run() throws IOException;
  }

  /** An action in its own thread. */
  private record Running(Thread thread, FutureTask<Void> task) {

    void awaitBlocked() throws InterruptedException {
      while (thread.getState() != Thread.State.BLOCKED) {
        assertThat(thread.isAlive()).isTrue();
        Thread.sleep(1);
      }
    }

    /** Waits for its end, and fails as it did. */
    void join() throws Exception {
      task.get();
    }
  }

  private static Running start(Action action) {
    FutureTask<Void> task =
        new FutureTask<>(
            () -> {
              action.run();
              return null;
            });
    Thread thread = new Thread(task, "writer-test");
    thread.setDaemon(true);
    thread.start();
    return new Running(thread, task);
  }
}
