package io.adapt4j.studio.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.studio.internal.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ids lead to folders of the workspace only, and what is damaged there is refused. */
class WorkspaceTest {

  @TempDir private Path folder;
  private Workspace workspace;

  @BeforeEach
  void open() throws IOException {
    workspace = new Workspace(folder);
  }

  @AfterEach
  void close() {
    workspace.close();
  }

  private static void refused(int status, ThrowingCallable call) {
    assertThatExceptionOfType(Refusal.class)
        .isThrownBy(call::call)
        .matches(refusal -> refusal.status() == status);
  }

  private interface ThrowingCallable {
    void call() throws Exception;
  }

  @ParameterizedTest
  @CsvSource({
    "Café Übersicht 2026, cafe-ubersicht-2026",
    "a b c d e f, a-b-c-d-e",
    "aaaaaaaaaaaaaaaaaaaab, aaaaaaaaaaaaaaaaaaaa",
    "../../etc/passwd, etc-passwd",
    "---, item",
    "猫, item",
  })
  void anIdIsMadeOfTheWordsOfAName(String name, String words) {
    String id = Workspace.newId(name);
    assertThat(id).matches(words + "-[0-9a-f]{8}").isNotEqualTo(Workspace.newId(name));
    assertThat(workspace.folder("data", id)).isEqualTo(workspace.root().resolve("data/" + id));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "..", "a/b", "a\\b", "A", "a.b", "-a", "a-", "a--b", "a b", "a\n"})
  void whatIsNoIdIsNotFound(String id) {
    refused(404, () -> workspace.folder("data", id));
    refused(404, () -> workspace.folder("data", "a".repeat(41)));
    refused(404, () -> workspace.folder("data", "a-".repeat(9) + "a"));
  }

  @Test
  void aFolderBelongsToOneStudio() throws IOException {
    assertThatThrownBy(() -> new Workspace(folder)).hasMessageContaining("another studio runs in");
    workspace.close();
    open();
    try (Workspace created = new Workspace(folder.resolve("other"))) {
      assertThat(created.root()).isEqualTo(folder.toRealPath().resolve("other"));
    }
  }

  private void item(String id, String json) throws IOException {
    Files.createDirectories(folder.resolve("data").resolve(id));
    Files.writeString(folder.resolve("data").resolve(id).resolve("item.json"), json);
  }

  @Test
  void itemsThatCanBeReadAreListedTheNewestFirst() throws IOException {
    assertThat(workspace.ids("data", "item.json")).isEmpty();
    item("first", "{\"added\": \"2026-01-01T00:00:00Z\"}");
    item("second", "{\"added\": \"2026-01-02T00:00:00Z\"}");
    item("damaged", "{");
    item("wrong", "{\"added\": \"yesterday\"}");
    item("No id", "{}");
    Files.createDirectory(folder.resolve("data/empty"));

    assertThat(workspace.ids("data", "item.json"))
        .containsExactly("damaged", "first", "second", "wrong");
    assertThat(workspace.all("data", "item.json", this::added, added -> added))
        .containsExactly(
            Instant.parse("2026-01-02T00:00:00Z"), Instant.parse("2026-01-01T00:00:00Z"));
    refused(422, () -> added("damaged"));
    refused(422, () -> added("wrong"));
    refused(404, () -> added("absent"));
  }

  private Instant added(String id) throws IOException {
    return workspace.item(
        workspace.folder("data", id).resolve("item.json"),
        json -> Instant.parse(json.path("added").asText()));
  }

  @Test
  void filesOfTheRootAreReadAndReplaced() throws IOException {
    assertThat(workspace.json("settings.json").isMissingNode()).isTrue();
    JsonNode settings = JsonNodeFactory.instance.objectNode().put("theme", "dark");
    workspace.save("settings.json", settings);
    assertThat(workspace.json("settings.json")).isEqualTo(settings);
    Path latin = Files.write(folder.resolve("latin.txt"), new byte[] {(byte) 0xe4});
    refused(422, () -> Workspace.text(latin, 100));
  }

  @Test
  void whatAKilledDeletionLeftIsSweptADayLater() throws IOException {
    item("gone", "{}");
    Path kind = folder.resolve("data");
    String left = ".gone.00000000-0000-0000-0000-000000000000.del";
    Path old = Files.move(kind.resolve("gone"), kind.resolve(left));
    Path recent = Files.createDirectory(kind.resolve(left.replace("gone", "recent")));
    Path elsewhere = folder.resolve("other/elsewhere");
    Path linked = Files.createDirectories(elsewhere.resolve(left));
    Files.createSymbolicLink(folder.resolve("link"), elsewhere);
    for (Path each : List.of(old, linked)) {
      Files.setLastModifiedTime(each, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
    }
    workspace.close();
    open();
    assertThat(List.of(old, recent, linked)).map(Files::exists).containsExactly(false, true, true);
  }
}
