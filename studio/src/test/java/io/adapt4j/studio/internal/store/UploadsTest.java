package io.adapt4j.studio.internal.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.studio.internal.Refusal;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files from a browser get safe names, and are of the kind that their name says. */
class UploadsTest {

  private static final int LIMIT = 100_000;

  @TempDir private Path folder;
  private Workspace workspace;
  private Uploads uploads;

  @BeforeEach
  void open() throws IOException {
    workspace = new Workspace(folder);
    uploads = new Uploads(new Sources(workspace), LIMIT);
  }

  @AfterEach
  void close() {
    workspace.close();
  }

  private Source send(String name, byte[] content) throws IOException {
    return uploads.receive(name, -1, new ByteArrayInputStream(content));
  }

  private void refused(String name, byte[] content, int status, String key) throws IOException {
    assertThatExceptionOfType(Refusal.class)
        .isThrownBy(() -> send(name, content))
        .matches(refusal -> refusal.status() == status)
        .matches(refusal -> refusal.key().equals(key));
    assertThat(new Sources(workspace).all()).isEmpty();
    assertThat(workspace.ids("data", "file")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "rows.jsonl, rows.jsonl",
    "../../etc/rows.txt, rows.txt",
    "C:\\data\\my rows-2_b.CSV, my rows-2_b.CSV",
    "' .rows.txt. ', rows.txt",
    "a:b*c.txt, a_b_c.txt",
    "con.txt, _con.txt",
    "NUL.rows.csv, _NUL.rows.csv",
  })
  void namesHaveNoFoldersAndOnlyCharactersOfEverySystem(String given, String name)
      throws IOException {
    Source source = send(given, "text".getBytes(UTF_8));
    assertThat(source.name()).isEqualTo(name);
    assertThat(source.path()).hasFileName(name).hasContent("text");
    assertThat(source.path().toRealPath()).startsWith(folder.toRealPath().resolve("data"));
  }

  @Test
  void longNamesAreCutButNotWithinALetter() throws IOException {
    byte[] text = "text".getBytes(UTF_8);
    assertThat(send("a".repeat(80) + ".txt", text).name()).isEqualTo("a".repeat(80) + ".txt");
    assertThat(send("a".repeat(81) + ".txt", text).name()).isEqualTo("a".repeat(80) + ".txt");
    // The letter U+20000 takes two places.
    assertThat(send("a".repeat(79) + "\ud840\udc00.txt", text).name())
        .isEqualTo("a".repeat(79) + ".txt");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rows", "rows.exe", ".txt", "...", "", "a/", "rows.abcdefghij", " .txt"})
  void otherKindsAreRefused(String name) throws IOException {
    refused(name, "text".getBytes(UTF_8), 415, "refused_kind");
  }

  @Test
  void aFileIsOfTheKindThatItsNameSays() throws IOException {
    assertThat(send("a.pdf", "%PDF-1.7".getBytes(UTF_8)).path()).hasContent("%PDF-1.7");
    assertThat(send("a.gz", new byte[] {0x1f, (byte) 0x8b}).path()).hasSize(2);
    assertThat(send("a.txt", new byte[] {(byte) 0xff, (byte) 0xfe, 65, 0}).path()).hasSize(4);
    assertThat(send("b.txt", new byte[] {(byte) 0xfe, (byte) 0xff, 0, 65}).path()).hasSize(4);
    workspace.close();
    folder = Files.createDirectory(folder.resolve("other"));
    open();
    refused("a.pdf", "%PD".getBytes(UTF_8), 415, "refused_content");
    refused("a.parquet", "PAR2".getBytes(UTF_8), 415, "refused_content");
    refused("a.txt", new byte[] {65, 0, 65}, 415, "refused_content");
    refused("a.txt", new byte[] {(byte) 0xff, 65, 0}, 415, "refused_content");
    refused("a.txt", new byte[0], 400, "refused_empty");
  }

  @Test
  void aFileIsAsLongAsTheLimitAtMost() throws IOException {
    byte[] most = new byte[LIMIT];
    Arrays.fill(most, (byte) 'a');
    most[LIMIT - 1] = 'b';
    assertThat(send("a.txt", most).path()).hasBinaryContent(most);
    assertThat(uploads.receive("b.txt", LIMIT, new ByteArrayInputStream(most)).path()).exists();
    assertThat(uploads.limit()).isEqualTo(LIMIT);
    workspace.close();
    folder = Files.createDirectory(folder.resolve("other"));
    open();
    refused("a.txt", "a".repeat(LIMIT + 1).getBytes(UTF_8), 413, "refused_large");
    for (long declared : new long[] {LIMIT + 1, Long.MAX_VALUE}) {
      assertThatExceptionOfType(Refusal.class)
          .isThrownBy(
              () -> uploads.receive("a.txt", declared, new ByteArrayInputStream(new byte[] {65})))
          .matches(refusal -> refusal.status() == 413);
    }
    assertThat(folder.resolve("data")).isEmptyDirectory();
  }

  @Test
  void theKindsAreListed() {
    assertThat(Uploads.extensions()).contains(".jsonl", ".pdf").isSorted().hasSize(16);
  }
}
