package io.adapt4j.cli;

import static io.adapt4j.cli.CommandsTest.execute;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.cli.CommandsTest.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command {@code drift}. */
class DriftCommandTest {

  @TempDir private Path folder;
  private Path reference;
  private Path now;

  @BeforeEach
  void writeRows() throws IOException {
    reference = write("reference.jsonl", 0);
    now = write("now.jsonl", 40);
  }

  private Path write(String name, int refused) throws IOException {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 100; i++) {
      rows.append(
          "{\"text\": \"Where is parcel number %d?\", \"refused\": %s}\n"
              .formatted(i % 7, i < refused));
    }
    return Files.writeString(folder.resolve(name), rows);
  }

  @Test
  void aRiseOfRefusalsIsAFinding() {
    Result found = execute("drift", reference, now, "--json");
    assertThat(found.code()).isEqualTo(ExitCode.FINDINGS);
    assertThat(found.json().path("drifted").asBoolean()).isTrue();
    assertThat(found.json().findValuesAsText("field")).contains("text", "refused");
    assertThat(execute("drift", reference, now).out()).contains("DRIFT  refused", "ok     text");
  }

  @Test
  void onlyTheNamedFieldsAreTested() {
    Result found = execute("drift", reference, now, "--field", "text");
    assertThat(found.code()).isZero();
    assertThat(found.out()).startsWith("No drift").doesNotContain("refused");
  }

  @Test
  void aFieldThatIsMissingIsNamed() {
    Result found = execute("drift", reference, now, "--category", "refuse");
    assertThat(found.code()).isEqualTo(ExitCode.USAGE);
    assertThat(found.err()).contains("'refuse'", "Did you mean 'refused'?");
  }
}
