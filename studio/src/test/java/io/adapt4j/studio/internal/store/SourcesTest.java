package io.adapt4j.studio.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.studio.internal.Refusal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Data that was opened is kept, and forgetting it deletes no file of others. */
class SourcesTest {

  @TempDir private Path folder;

  private static void write(Path file) {
    try {
      Files.writeString(file, "{}");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void onlyWhatTheStudioKeepsIsForgotten() throws IOException {
    Path file = folder.resolve("rows.jsonl");
    write(file);
    try (Workspace workspace = new Workspace(folder.resolve("workspace"))) {
      Sources sources = new Sources(workspace);
      Source other = sources.add("other", file);
      Source written = sources.write("written", SourcesTest::write);
      assertThat(sources.all()).extracting(Source::id).containsExactly(written.id(), other.id());
      assertThat(sources.find(other.id()).orElseThrow().path()).isEqualTo(file.toRealPath());
      assertThat(written.path()).hasContent("{}");

      sources.forget(other.id());
      sources.forget(written.id());

      assertThat(file).exists();
      assertThat(written.path()).doesNotExist();
      assertThat(sources.find(other.id())).isEmpty();
      assertThat(sources.find("")).isEmpty();
      for (String id : new String[] {other.id(), "../rows.jsonl"}) {
        assertThatExceptionOfType(Refusal.class).isThrownBy(() -> sources.forget(id));
      }
    }
  }
}
