package io.adapt4j.core.internal;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTransactionTest {

  @TempDir Path folder;

  @Test
  void replacesCreatesAndDeletesTogether() throws IOException {
    Files.writeString(folder.resolve("old"), "old");
    Files.writeString(folder.resolve("gone"), "gone");
    try (FileTransaction transaction = new FileTransaction()) {
      Files.writeString(transaction.stage(folder.resolve("old")), "new");
      Files.writeString(transaction.stage(folder.resolve("sub").resolve("made")), "made");
      transaction.delete(folder.resolve("gone"));
      transaction.delete(folder.resolve("never there"));
      assertThat(folder.resolve("old")).hasContent("old");
      transaction.commit();
    }
    assertThat(fileNames()).containsExactly("old", "sub");
    assertThat(folder.resolve("old")).hasContent("new");
    assertThat(folder.resolve("sub").resolve("made")).hasContent("made");
  }

  @Test
  void deletesWithoutWriting() throws IOException {
    Files.writeString(folder.resolve("gone"), "gone");
    try (FileTransaction transaction = new FileTransaction()) {
      transaction.delete(folder.resolve("gone"));
      transaction.commit();
    }
    assertThat(fileNames()).isEmpty();
  }

  @Test
  void leavesEverythingAsItWasWithoutACommit() throws IOException {
    Files.writeString(folder.resolve("old"), "old");
    try (FileTransaction transaction = new FileTransaction()) {
      Files.writeString(transaction.stage(folder.resolve("old")), "new");
      transaction.delete(folder.resolve("old"));
    }
    assertThat(fileNames()).containsExactly("old");
    assertThat(folder.resolve("old")).hasContent("old");
  }

  @Test
  void nothingIsDoneTwice() throws IOException {
    Path gone = folder.resolve("gone");
    Files.writeString(gone, "gone");
    try (FileTransaction transaction = new FileTransaction()) {
      Files.writeString(transaction.stage(folder.resolve("made")), "made");
      transaction.delete(gone);
      transaction.commit();
      Files.writeString(gone, "another");
      Files.writeString(folder.resolve("made"), "changed");
      transaction.commit();
      assertThat(folder.resolve("made")).hasContent("changed");
      Files.writeString(transaction.stage(folder.resolve("never")), "never");
      transaction.delete(gone);
      transaction.close();
      transaction.commit();
    }
    assertThat(gone).hasContent("another");
    assertThat(fileNames()).containsExactly("gone", "made");
  }

  @Test
  void aNewFileJoinsOnesThatAreReplaced() throws IOException {
    Files.writeString(folder.resolve("config"), "old");
    try (FileTransaction transaction = new FileTransaction()) {
      Files.writeString(transaction.stage(folder.resolve("made")), "new");
      Files.writeString(transaction.stage(folder.resolve("config")), "new");
      transaction.commit();
    }
    assertThat(fileNames()).containsExactly("config", "made");
    assertThat(folder.resolve("config")).hasContent("new");
  }

  @Test
  void refusesAPathThatIsNoFile() {
    try (FileTransaction transaction = new FileTransaction()) {
      Path root = folder.getRoot();
      refuses(IllegalArgumentException.class, () -> transaction.stage(root), "is not a file path");
    }
  }

  @Test
  void putsThePreviousFilesBackIfAMoveFails() throws IOException {
    Files.writeString(folder.resolve("a"), "old");
    Files.createDirectories(folder.resolve("blocked").resolve("not empty"));
    try (FileTransaction transaction = new FileTransaction()) {
      Files.writeString(transaction.stage(folder.resolve("a")), "new");
      Files.writeString(transaction.stage(folder.resolve("b")), "new");
      Files.writeString(transaction.stage(folder.resolve("blocked")), "new");
      assertThatIOException().isThrownBy(transaction::commit).withMessageContaining("blocked");
    }
    assertThat(fileNames()).containsExactly("a", "blocked");
    assertThat(folder.resolve("a")).hasContent("old");
  }

  @Test
  void atomicFilesKeepTheOldContentWhenTheNewCannotBeProduced() throws IOException {
    Path file = folder.resolve("x.json");
    AtomicFiles.writeJson(file, Json.parse("{\"b\":1e-05,\"a\":[1.50]}"));
    String content = "{\n  \"b\": 0.00001,\n  \"a\": [\n    1.50\n  ]\n}\n";
    assertThat(Files.readString(file)).isEqualTo(content);
    assertThatIOException()
        .isThrownBy(
            () ->
                AtomicFiles.write(
                    file,
                    channel -> {
                      channel.write(ByteBuffer.allocate(10));
                      throw new IOException("broken");
                    }));
    assertThat(Files.readString(file)).isEqualTo(content);
    assertThat(fileNames()).containsExactly("x.json");
  }

  private List<String> fileNames() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
