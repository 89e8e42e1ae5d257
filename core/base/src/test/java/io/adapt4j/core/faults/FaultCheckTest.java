package io.adapt4j.core.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.internal.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Writers with the mistakes that writers have are found out. */
class FaultCheckTest {

  @TempDir private Path folder;

  private static FaultCheck check(FaultCheck.Writer writer) {
    return FaultCheck.of("writer with a mistake")
        .before(folder -> Files.writeString(folder.resolve("a"), "old"))
        .writing(writer)
        .reading(folder -> Files.readString(folder.resolve("a")))
        .explainedByCallers();
  }

  @Test
  void aFileThatIsWrittenInPlace() {
    assertThatThrownBy(check(folder -> Files.writeString(folder.resolve("a"), "new"))::run)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("NO_SPACE at call")
        .hasMessageContaining("found ");
  }

  @Test
  void aFileThatIsDeletedFirst() {
    assertThatThrownBy(
            check(
                    folder -> {
                      Files.delete(folder.resolve("a"));
                      Files.writeString(folder.resolve("a"), "new");
                      Disk.force(folder.resolve("a"));
                      Disk.forceFolder(folder);
                    })
                ::run)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("cannot be read: java.nio.file.NoSuchFileException");
  }

  private static void replace(Path folder, boolean forcesFile, boolean forcesFolder)
      throws IOException {
    Path temporary = folder.resolve("t");
    try {
      Files.writeString(temporary, "new");
      if (forcesFile) {
        Disk.force(temporary);
      }
      Files.move(temporary, folder.resolve("a"), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Files.deleteIfExists(temporary);
      throw e;
    }
    if (forcesFolder) {
      Disk.forceFolder(folder);
    }
  }

  @Test
  void aFileThatIsMovedBeforeItIsForced() {
    assertThatThrownBy(check(folder -> replace(folder, false, true))::run)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("power cut")
        .hasMessageNotContaining("NO_SPACE");
  }

  @Test
  void aFolderThatIsNotForced() {
    assertThatThrownBy(check(folder -> replace(folder, true, false))::run)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("after the end), unforced LOST, seed 0: returned, but found old");
  }

  @Test
  void nothingIsFoundWhereNothingIsWrong() throws Exception {
    assertThat(check(folder -> replace(folder, true, true)).run()).isGreaterThan(40);
  }

  @Test
  void aFileThatStays() {
    assertThatThrownBy(
            check(
                    folder -> {
                      Files.writeString(folder.resolve("t"), "new");
                      Disk.force(folder.resolve("t"));
                      Files.move(
                          folder.resolve("t"), folder.resolve("a"), StandardCopyOption.ATOMIC_MOVE);
                      Disk.forceFolder(folder);
                    })
                ::run)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("left behind [t]");
  }

  @Test
  void aWriteThatIsTakenForWhole() {
    assertThatThrownBy(
            check(
                    folder -> {
                      Path temporary = folder.resolve("t");
                      try (FileChannel channel =
                          FileChannel.open(
                              temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                        channel.write(ByteBuffer.wrap("new".getBytes(StandardCharsets.UTF_8)));
                        channel.force(true);
                      }
                      Files.move(temporary, folder.resolve("a"), StandardCopyOption.ATOMIC_MOVE);
                      Disk.forceFolder(folder);
                    })
                ::run)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("SHORT_WRITE at call")
        .hasMessageContaining("found n");
  }

  @Test
  void anErrorWithoutARemedy() {
    assertThatThrownBy(
            FaultCheck.of("writer with a bare error")
                    .before(folder -> Files.writeString(folder.resolve("a"), "old"))
                    .writing(folder -> replace(folder, true, true))
                    .reading(folder -> Files.readString(folder.resolve("a")))
                ::run)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("names no remedy");
  }

  @Test
  void afterAPowerCutOnlyWhatWasForcedIsThereForCertain() throws IOException {
    Path real = Files.createDirectory(folder.resolve("disk"));
    Files.writeString(real.resolve("kept"), "1");
    FaultyDisk disk = new FaultyDisk(real);
    Path on = disk.folder();
    Files.writeString(on.resolve("kept"), "2");
    Files.writeString(on.resolve("forced"), "3");
    Disk.force(on.resolve("forced"));
    Disk.forceFolder(on);
    Files.move(on.resolve("forced"), on.resolve("moved"));
    Path left = folder.resolve("left");
    disk.tree().writeRemains(left, DurableTree.Unforced.LOST, 0);
    assertThat(left.resolve("kept")).hasContent("1");
    assertThat(left.resolve("forced")).hasContent("3");
    assertThat(left.resolve("moved")).doesNotExist();
  }
}
