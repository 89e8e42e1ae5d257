package io.adapt4j.core.hub;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileChoiceTest {

  private static final RepositoryId REPOSITORY = RepositoryId.model("acme/tiny");

  @TempDir Path snapshot;

  /** Two files in the first step, and a third once those are there. */
  private static FileChoice inTwoSteps() {
    return new FileChoice() {
      @Override
      public List<String> first(Set<String> listed) {
        return List.of("a", "b");
      }

      @Override
      public List<String> then(Set<String> listed, Path snapshot) {
        return List.of("c");
      }

      @Override
      public List<String> missing(Path snapshot) {
        return List.of();
      }

      @Override
      public boolean surelyComplete(Path snapshot) {
        return false;
      }
    };
  }

  @Test
  void whatASnapshotLacksIsToldStepByStep() throws IOException {
    FileChoice choice = inTwoSteps();
    Set<String> listed = Set.of("a", "b", "c");
    assertThat(choice.missing(listed, snapshot)).containsExactly("a", "b");
    Files.createFile(snapshot.resolve("a"));
    Files.createDirectory(snapshot.resolve("b"));
    assertThat(choice.missing(listed, snapshot)).containsExactly("b");
    Files.delete(snapshot.resolve("b"));
    Files.createFile(snapshot.resolve("b"));
    assertThat(choice.missing(listed, snapshot)).containsExactly("c");
    Files.createFile(snapshot.resolve("c"));
    assertThat(choice.missing(listed, snapshot)).isEmpty();
  }

  @Test
  void namedFilesAreTakenWhetherListedOrNot() throws IOException {
    FileChoice choice = FileChoice.named(REPOSITORY, List.of("b", "a"));
    assertThat(choice.first(Set.of())).containsExactly("b", "a");
    assertThat(choice.then(Set.of("a", "c"), snapshot)).isEmpty();
    assertThat(choice.missing(snapshot)).containsExactly("b", "a");
    assertThat(choice.surelyComplete(snapshot)).isFalse();

    Files.createFile(snapshot.resolve("a"));
    Files.createFile(snapshot.resolve("b"));
    assertThat(choice.missing(snapshot)).isEmpty();
    assertThat(choice.surelyComplete(snapshot)).isTrue();
  }

  @Test
  void aNamedFileThatCouldLeadOutsideIsRefused() {
    refuses(HubException.class, () -> FileChoice.named(REPOSITORY, List.of("a", "../b")), "../b");
  }

  @Test
  void matchingFilesAreThoseOfTheListingInOrder() {
    FileChoice choice = FileChoice.matching(REPOSITORY, name -> name.endsWith(".json"));
    assertThat(choice.first(Set.of("b.json", "a.json", "c.bin")))
        .containsExactly("a.json", "b.json");
    assertThat(choice.then(Set.of("a.json"), snapshot)).isEmpty();
    // Without a listing nobody knows what would match.
    assertThat(choice.missing(snapshot)).isEmpty();
    assertThat(choice.surelyComplete(snapshot)).isFalse();
  }

  @Test
  void aTestThatNoFilePassesIsRefused() {
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(
            () -> FileChoice.matching(REPOSITORY, name -> false).first(Set.of("a", "b", "c")))
        .withMessageContaining("none of its 3 files");
  }
}
