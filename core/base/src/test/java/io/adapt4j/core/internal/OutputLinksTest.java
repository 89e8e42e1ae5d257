package io.adapt4j.core.internal;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Links that somebody has put where output goes: a folder that a caller names may be one; nothing
 * inside it is written or deleted through one.
 */
class OutputLinksTest {

  private static final String KEPT = "kept";

  @TempDir private Path temporary;

  private Path elsewhere;
  private Path output;

  @BeforeEach
  void prepare() throws IOException {
    elsewhere = Files.createDirectory(temporary.resolve("elsewhere"));
    Files.writeString(elsewhere.resolve("a"), KEPT);
    output = Files.createDirectory(temporary.resolve("output"));
  }

  private Path link(String name, Path target) throws IOException {
    return Files.createSymbolicLink(output.resolve(name), target);
  }

  private void assertKept() throws IOException {
    assertThat(elsewhere.resolve("a")).hasContent(KEPT);
    try (Stream<Path> files = Files.list(elsewhere)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void aFileReplacesALink() throws IOException {
    Path link = link("a", elsewhere.resolve("a"));
    Path dangling = link("b", elsewhere.resolve("b"));
    AtomicFiles.writeText(link, "new");
    AtomicFiles.writeText(dangling, "new");
    assertThat(link).isRegularFile().hasContent("new");
    assertThat(Files.isSymbolicLink(link) || Files.isSymbolicLink(dangling)).isFalse();
    assertKept();
  }

  @Test
  void anotherNameOfAFileKeepsItsContent() throws IOException {
    Path hard = Files.createLink(output.resolve("a"), elsewhere.resolve("a"));
    AtomicFiles.writeText(hard, "new");
    assertThat(hard).hasContent("new");
    assertKept();
  }

  @Test
  void filesThatBelongTogetherReplaceAndDeleteLinks() throws IOException {
    link("a", elsewhere.resolve("a"));
    link("b", elsewhere.resolve("a"));
    link("gone", elsewhere.resolve("a"));
    try (FileTransaction transaction = new FileTransaction()) {
      for (String name : new String[] {"a", "b"}) {
        Files.writeString(transaction.stage(output.resolve(name)), "new");
      }
      transaction.delete(output.resolve("gone"));
      transaction.commit();
    }
    assertThat(output.resolve("a")).hasContent("new");
    assertThat(output.resolve("b")).hasContent("new");
    try (Stream<Path> files = Files.list(output)) {
      assertThat(files).hasSize(2).noneMatch(Files::isSymbolicLink);
    }
    assertKept();
  }

  @Test
  void aTemporaryFileIsNewAndOfANameThatNobodyKnows() throws IOException {
    Path first = Temporaries.beside(output.resolve("a"), Temporaries.NEW);
    assertThat(Temporaries.beside(output.resolve("a"), Temporaries.NEW)).isNotEqualTo(first);
    link(first.getFileName().toString(), elsewhere.resolve("a"));
    refuses(FileAlreadyExistsException.class, () -> AtomicFiles.writeNew(first, channel -> {}));
    assertKept();
  }

  @Test
  void aFolderThatACallerNamesMayBeALink() throws IOException {
    Path link = link("folder", elsewhere);
    AtomicFiles.writeText(link.resolve("new"), "text");
    assertThat(elsewhere.resolve("new")).hasContent("text");
  }

  @Test
  void aFolderReplacesALink() throws IOException {
    Path link = link("folder", elsewhere);
    Path hidden = Files.createDirectory(AtomicFolders.hidden(link));
    Files.writeString(hidden.resolve("new"), "text");
    AtomicFolders.publish(hidden, link);
    assertThat(Files.isSymbolicLink(link)).isFalse();
    assertThat(link.resolve("new")).hasContent("text");
    assertKept();
  }

  @Test
  void deletingEndsAtLinks() throws IOException {
    Path folder = Files.createDirectories(output.resolve("folder/inner"));
    Files.createSymbolicLink(folder.resolve("file"), elsewhere.resolve("a"));
    Files.createSymbolicLink(folder.resolve("folder"), elsewhere);
    Temporaries.deleteTree(output.resolve("folder"));
    Temporaries.deleteTree(link("root", elsewhere));
    assertThat(output).isEmptyDirectory();
    assertKept();
  }

  @Test
  void aLinkInPlaceOfAFolderThatIsBeingDeletedLeadsNowhere() throws Exception {
    Path folder = output.resolve("folder");
    Path away = output.resolve("away");
    AtomicBoolean ended = new AtomicBoolean();
    Thread swapping =
        new Thread(
            () -> {
              while (!ended.get()) {
                try {
                  Files.move(folder, away, StandardCopyOption.ATOMIC_MOVE);
                  Files.createSymbolicLink(folder, elsewhere);
                } catch (IOException e) {
                  // Not there at this moment.
                }
              }
            });
    swapping.start();
    try {
      for (int i = 0; i < 300; i++) {
        try {
          Files.createDirectories(folder);
          Files.writeString(folder.resolve("a"), "");
          Files.writeString(folder.resolve("b"), "");
          Temporaries.deleteTree(output);
        } catch (IOException e) {
          // Something was in the way; only what is elsewhere counts.
        }
        Files.createDirectories(output);
        assertThat(elsewhere.resolve("a")).exists();
      }
    } finally {
      ended.set(true);
      swapping.join();
    }
  }

  @Test
  void aLockIsNoLink() throws IOException {
    Path lock = link("lock", elsewhere.resolve("a"));
    assertThatThrownBy(() -> ProcessLock.tryTake(lock))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is a symbolic link, and nothing is written through it. Delete it");
    assertKept();
  }
}
