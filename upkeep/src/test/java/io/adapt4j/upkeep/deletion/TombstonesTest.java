package io.adapt4j.upkeep.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.data.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Erased rows keep their lines, fields and form, and nothing of their content. */
class TombstonesTest {

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("rows.jsonl");
  }

  @Test
  void textsAndNumbersGoAtEveryDepth() throws IOException {
    Files.writeString(
        file,
        """
        {"messages":[{"role":"user","content":[{"type":"text","text":"secret"}]}],\
        "tags":["secret",7,["secret",8],true],"customer":17,"paid":true,"note":null}
        """);

    Tombstones.erase(file, Set.of(1L));

    assertThat(file)
        .hasContent(
            """
            {"messages":[{"role":"user","content":[{"type":"text","text":"deleted"}]}],\
            "tags":["deleted",0,["deleted",0],true],"customer":0,"paid":true,"note":null}
            """);
    assertThat(Tombstones.isErased(file, Set.of(1L))).isTrue();
  }

  @Test
  void otherLinesStayToTheByte() throws IOException {
    String first = "{ \"a\" : \"b\0\" }\r\n";
    String empty = "\n";
    Files.writeString(file, first + "{\"a\":\"x\"}\n" + empty + "{\"a\":\"y\"}");

    Tombstones.erase(file, Set.of(2L));
    String deleted = "{\"a\":\"deleted\"}";
    assertThat(Files.readString(file)).isEqualTo(first + deleted + "\n" + empty + "{\"a\":\"y\"}");

    Tombstones.erase(file, Set.of(4L));
    assertThat(Files.readString(file)).isEqualTo(first + deleted + "\n" + empty + deleted);
  }

  @Test
  void rowsAreErasedOnceEachOfThemIs() throws IOException {
    Files.writeString(file, "{\"a\":\"x\"}\n{\"a\":\"y\"}\n");
    Tombstones.erase(file, Set.of(2L));

    assertThat(Tombstones.isErased(file, Set.of(2L))).isTrue();
    assertThat(Tombstones.isErased(file, Set.of(1L, 2L))).isFalse();
    assertThat(Tombstones.isErased(file, Set.of(2L, 3L))).isFalse();
  }

  @Test
  void placesAreLinesOfFilesOfJsonLines() {
    Path other = Path.of("other.ndjson");
    assertThat(
            Tombstones.lines(
                List.of("a line 1.jsonl line 3", "other.ndjson line 12", "a line 1.jsonl line 2")))
        .isEqualTo(Map.of(Path.of("a line 1.jsonl"), Set.of(2L, 3L), other, Set.of(12L)));
    for (String place : List.of("rows.csv line 3", "rows.jsonl", "rows.jsonl line x", "row 7")) {
      assertThatThrownBy(() -> Tombstones.lines(List.of(place)))
          .hasMessageContaining(place + ": only rows of files of JSON Lines");
    }
  }

  @Test
  void aFileWhoseRowIsNoJsonStaysAsItIsAndIsNotQuoted() throws IOException {
    Files.writeString(file, "{\"a\":\"x\"}\nsecret\n");
    assertThatThrownBy(() -> Tombstones.erase(file, Set.of(1L, 2L)))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining(file + ": a row to erase is no JSON")
        .hasMessageNotContaining("secret")
        .hasNoCause();
    assertThat(folder).isDirectoryNotContaining(path -> !path.equals(file));
    assertThat(file).hasContent("{\"a\":\"x\"}\nsecret\n");
  }
}
