package io.adapt4j.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
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
  void filesOfATransactionAreForcedBeforeTheFirstIsMovedAndTheirFolderBeforeTheLast()
      throws IOException {
    try (FileTransaction transaction = new FileTransaction()) {
      Files.writeString(transaction.stage(folder.resolve("a")), "a");
      Files.writeString(transaction.stage(folder.resolve("b")), "b");
      transaction.commit();
    }
    assertThat(steps.stream().map(step -> step.substring(0, 4)))
        .containsExactly("forc", "forc", "move", "forc", "move", "forc");
    assertThat(steps.get(3)).isEqualTo("force " + folder);
    assertThat(steps.get(5)).isEqualTo("force " + folder);
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

  /** Each step with the name it ends with; without the ids of temporary files. */
  private List<String> shortSteps() {
    return steps.stream()
        .map(
            step ->
                step.replace(folder + "/", "")
                    .replace(folder.toString(), "folder")
                    .replaceAll("\\.([a-z]+)\\.[0-9a-f-]{36}\\.(tmp|old|del)", "$2:$1"))
        .toList();
  }

  @Test
  void theFileThatIsReadFirstIsAwayForCertainWhileTheOthersAreReplaced() throws IOException {
    Files.createDirectory(folder.resolve("sub"));
    for (String name : List.of("a", "config", "sub/gone")) {
      Files.writeString(folder.resolve(name), "old");
    }
    try (FileTransaction transaction = new FileTransaction()) {
      Files.writeString(transaction.stage(folder.resolve("a")), "new");
      Files.writeString(transaction.stage(folder.resolve("b")), "new");
      Files.writeString(transaction.stage(folder.resolve("config")), "new");
      transaction.delete(folder.resolve("sub/gone"));
      transaction.delete(folder.resolve("nowhere/gone"));
      steps.clear();
      transaction.commit();
    }
    List<String> forced = List.of("force folder", "force sub");
    assertThat(shortSteps())
        .containsExactlyElementsOf(
            Stream.of(
                    List.of("force tmp:a", "force tmp:b", "force tmp:config"),
                    List.of("move config to old:config"),
                    forced,
                    List.of("move tmp:a to a", "move tmp:b to b", "move sub/gone to sub/del:gone"),
                    forced,
                    List.of("move tmp:config to config"),
                    forced)
                .flatMap(List::stream)
                .toList());
    assertThat(names(folder)).containsExactly("a", "b", "config", "sub");
    assertThat(names(folder.resolve("sub"))).isEmpty();
  }

  @Test
  void whatTakesThePlaceOfAFileOfAnotherNameIsThereForCertainBeforeThatGoes() throws IOException {
    Files.writeString(folder.resolve("single"), "old");
    try (FileTransaction transaction = new FileTransaction()) {
      Files.writeString(transaction.stage(folder.resolve("a")), "new");
      Files.writeString(transaction.stage(folder.resolve("config")), "new");
      transaction.delete(folder.resolve("single"));
      steps.clear();
      transaction.commit();
    }
    assertThat(shortSteps())
        .containsExactly(
            "force tmp:a",
            "force tmp:config",
            "move tmp:a to a",
            "force folder",
            "move tmp:config to config",
            "force folder",
            "move single to del:single",
            "force folder");
  }

  @Test
  void aFolderIsPublishedUnlessAnotherIsThere() throws IOException {
    Path target = folder.resolve("cache");
    Path first = Files.createDirectory(AtomicFolders.hidden(target));
    Files.writeString(first.resolve("a"), "first");
    AtomicFolders.publishUnlessThere(first, target);
    assertThat(steps)
        .containsExactly(
            "force " + first.resolve("a"),
            "force " + first,
            "move " + first + " to " + target,
            "force " + folder);
    Path second = Files.createDirectory(AtomicFolders.hidden(target));
    Files.writeString(second.resolve("a"), "second");
    AtomicFolders.publishUnlessThere(second, target);
    assertThat(target.resolve("a")).hasContent("first");

    Path file = Files.createFile(folder.resolve("file"));
    assertThatIOException()
        .isThrownBy(() -> AtomicFolders.publishUnlessThere(second, file.resolve("below")));
  }

  @Test
  void aFolderIsDeletedUnderAnotherName() throws IOException {
    Path state = Files.createDirectories(folder.resolve("state"));
    Files.writeString(state.resolve("a"), "a");
    AtomicFolders.delete(state);
    assertThat(shortSteps()).containsExactly("move state to del:state", "force folder");
    assertThat(folder).isEmptyDirectory();
    AtomicFolders.delete(state);
    AtomicFolders.discard(state);
    assertThat(steps).hasSize(2);
  }

  @Test
  void aCompleteFileIsForcedBeforeItGetsItsName() throws IOException {
    Path complete = folder.resolve("part");
    Files.writeString(complete, "all");
    AtomicFiles.publish(complete, folder.resolve("whole"));
    assertThat(shortSteps()).containsExactly("force part", "move part to whole", "force folder");
    assertThat(folder.resolve("whole")).hasContent("all");
  }

  @Test
  void aFileOfAnySizeIsCopied() throws IOException {
    for (int size : new int[] {0, 1, 3 << 20}) {
      byte[] content = new byte[size];
      Arrays.fill(content, (byte) 7);
      Files.write(folder.resolve("from"), content);
      AtomicFiles.copy(folder.resolve("from"), folder.resolve("to"));
      assertThat(folder.resolve("to")).hasBinaryContent(content);
    }
    assertThat(names(folder)).containsExactly("from", "to");
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
    steps.clear();
    Temporaries.sweep(folder);
    assertThat(shortSteps())
        .hasSize(4)
        .endsWith("force folder", "move old:config to config")
        .contains("move old:weights to weights", "move del:index to index");
    assertThat(names(folder)).containsExactlyInAnyOrder("weights", "config", "index");
    for (String name : names(folder)) {
      assertThat(folder.resolve(name)).hasContent("old");
    }
  }

  @Test
  void whatIsYoungIsLeftToTheProcessThatWritesIt() throws IOException {
    String uuid = ".0c6e9a9c-0d8e-4f7e-8b0c-3b8d7a1f2e4d";
    Path old = folder.resolve(".a" + uuid + ".tmp");
    Path young = folder.resolve(".b" + uuid + ".tmp");
    Files.writeString(old, "a");
    Files.writeString(young, "b");
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(3))));
    Temporaries.sweepOlderThan(folder, Duration.ofHours(2));
    assertThat(old).doesNotExist();
    assertThat(young).exists();
    Temporaries.sweepOlderThan(folder.resolve("missing"), Duration.ofHours(2));
    Temporaries.deleteTree(folder.resolve("missing"));
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
