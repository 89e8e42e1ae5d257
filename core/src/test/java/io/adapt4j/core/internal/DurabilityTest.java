package io.adapt4j.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is forced onto the device, and when; and that a reader never sees half a file. */
class DurabilityTest {

  @TempDir Path folder;
  private final List<String> steps = new ArrayList<>();

  @BeforeEach
  void listen() {
    Disk.trace = steps::add;
  }

  @AfterEach
  void stopListening() {
    Disk.trace = step -> {};
  }

  @Test
  void aFileIsForcedThenMovedThenItsFolderIsForced() throws IOException {
    Path file = folder.resolve("a.json");
    AtomicFiles.writeText(file, "one");
    assertThat(steps).hasSize(3);
    assertThat(steps.get(0)).startsWith("force " + folder.resolve(".a.json."));
    assertThat(steps.get(1)).startsWith("move ").endsWith(" to " + file);
    assertThat(steps.get(2)).isEqualTo("force " + folder);
  }

  @Test
  void newFoldersAreForcedIntoThoseAboveThem() throws IOException {
    AtomicFiles.writeText(folder.resolve("x/y/a.json"), "one");
    assertThat(steps).startsWith("force " + folder, "force " + folder.resolve("x"));
  }

  @Test
  void allFilesOfATransactionAreForcedBeforeTheFirstIsMoved() throws IOException {
    try (FileTransaction transaction = new FileTransaction()) {
      Files.writeString(transaction.stage(folder.resolve("a")), "a");
      Files.writeString(transaction.stage(folder.resolve("b")), "b");
      transaction.commit();
    }
    assertThat(steps.stream().map(step -> step.substring(0, 4)))
        .containsExactly("forc", "forc", "move", "move", "forc");
    assertThat(steps.get(4)).isEqualTo("force " + folder);
  }

  @Test
  void aFolderIsForcedWithItsFilesBeforeItGetsItsName() throws IOException {
    Path target = folder.resolve("state");
    Path hidden = AtomicFolders.hidden(target);
    Files.createDirectories(hidden.resolve("inner"));
    Files.writeString(hidden.resolve("inner/a"), "a");
    AtomicFolders.publish(hidden, target);
    assertThat(steps)
        .containsExactly(
            "force " + hidden.resolve("inner/a"),
            "force " + hidden.resolve("inner"),
            "force " + hidden,
            "move " + hidden + " to " + target,
            "force " + folder);
  }

  @Test
  void aFolderTakesThePlaceOfAnother() throws IOException {
    Path target = Files.createDirectories(folder.resolve("state"));
    Files.writeString(target.resolve("old"), "old");
    Path hidden = Files.createDirectories(AtomicFolders.hidden(target));
    Files.writeString(hidden.resolve("new"), "new");
    AtomicFolders.publish(hidden, target);
    assertThat(target).isDirectoryContaining("glob:**new");
    assertThat(names(target)).containsExactly("new");
    assertThat(names(folder)).containsExactly("state");
  }

  /** A target written in place, or deleted before the move, is seen halfway by the reader. */
  @Test
  void aReaderSeesTheOldContentOrTheNewOneAndNeverAPart() throws Exception {
    Path file = folder.resolve("big");
    byte[] zeros = new byte[4 << 20];
    byte[] ones = new byte[zeros.length];
    Arrays.fill(ones, (byte) 1);
    AtomicFiles.write(file, zeros);
    AtomicBoolean done = new AtomicBoolean();
    AtomicInteger reads = new AtomicInteger();
    List<String> wrong = new ArrayList<>();
    Thread reader =
        new Thread(
            () -> {
              while (!done.get()) {
                try {
                  byte[] found = Files.readAllBytes(file);
                  if (found.length != zeros.length || found[0] != found[found.length - 1]) {
                    wrong.add(found.length + " bytes");
                  }
                  reads.incrementAndGet();
                } catch (IOException e) {
                  wrong.add(e.toString());
                }
              }
            });
    reader.start();
    for (int i = 0; i < 20; i++) {
      byte[] content = i % 2 == 0 ? ones : zeros;
      AtomicFiles.write(
          file,
          channel -> {
            channel.write(ByteBuffer.wrap(content, 0, content.length / 2));
            int before = reads.get();
            // Half of the content is there while the file is read whole.
            for (int wait = 0; wait < 2000 && reads.get() < before + 2; wait++) {
              pause();
            }
            channel.write(ByteBuffer.wrap(content, content.length / 2, content.length / 2));
          });
    }
    done.set(true);
    reader.join();
    assertThat(reads).hasValueGreaterThan(20);
    assertThat(wrong).isEmpty();
  }

  private static void pause() {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void anInterruptedThreadLeavesTheFileAsItWas() throws IOException {
    Path file = folder.resolve("a");
    AtomicFiles.writeText(file, "old");
    Thread.currentThread().interrupt();
    try {
      assertThatIOException()
          .isThrownBy(() -> AtomicFiles.writeText(file, "new"))
          .satisfies(
              e ->
                  assertThat(WriteFailure.explain(file, e))
                      .contains("interrupted")
                      .doesNotContain("Free some space"));
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(file).hasContent("old");
    assertThat(names(folder)).containsExactly("a");
  }

  @Test
  void whatWasReplacedTogetherIsPutBackTogether() throws IOException {
    String uuid = ".0c6e9a9c-0d8e-4f7e-8b0c-3b8d7a1f2e4d";
    Files.writeString(folder.resolve("weights"), "new");
    Files.writeString(folder.resolve(".weights" + uuid + ".old"), "old");
    Files.writeString(folder.resolve(".config" + uuid + ".old"), "old");
    Files.writeString(folder.resolve(".config" + uuid + ".tmp"), "new");
    Files.writeString(folder.resolve(".index" + uuid + ".del"), "old");
    Temporaries.sweep(folder);
    assertThat(names(folder)).containsExactlyInAnyOrder("weights", "config", "index");
    for (String name : names(folder)) {
      assertThat(folder.resolve(name)).hasContent("old");
    }
  }

  @Test
  void whatIsSweptHasANameOfOurs() throws IOException {
    String uuid = ".0c6e9a9c-0d8e-4f7e-8b0c-3b8d7a1f2e4d";
    Path inner = Files.createDirectories(folder.resolve("inner"));
    for (String name :
        List.of(
            ".a.json" + uuid + ".tmp",
            ".gone" + uuid + ".old",
            ".kept" + uuid.replace("-0d8e-", "-0d8f-") + ".old",
            ".deleted" + uuid.replace("-0d8e-", "-0d90-") + ".del",
            "kept",
            ".a.json.tmp",
            "a.json" + uuid + ".tmp",
            ".a.json" + uuid + ".bak")) {
      Files.writeString(folder.resolve(name), name);
    }
    Path state = Files.createDirectories(folder.resolve(".step-00000003" + uuid));
    Files.writeString(state.resolve("state.json"), "{");
    Files.writeString(inner.resolve(".b" + uuid + ".tmp"), "b");

    Temporaries.sweep(folder);
    assertThat(names(folder))
        .containsExactlyInAnyOrder(
            "inner",
            // Its only copy was the one set aside.
            "gone",
            "kept",
            ".a.json.tmp",
            "a.json" + uuid + ".tmp",
            ".a.json" + uuid + ".bak");
    assertThat(folder.resolve("kept")).hasContent("kept");
    assertThat(names(inner)).hasSize(1);
    Temporaries.sweepTree(folder);
    assertThat(names(inner)).isEmpty();
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
