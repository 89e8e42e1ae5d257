package io.adapt4j.upkeep.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.provenance.Provenance;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Versions that learned from a file, or from such a version. */
class LearnedVersionTest {

  @TempDir private Path runs;

  private Path version(String name, String hash, String parent) throws IOException {
    Path folder = Files.createDirectories(runs.resolve(name));
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.putObject("data").putArray("files").addObject().put("sha256", hash);
    if (!parent.isEmpty()) {
      Path weights = runs.resolve(parent).resolve("adapter_model.safetensors");
      json.putObject("parent").put("path", weights.toString());
    }
    Provenance.of(folder.resolve(Provenance.FILE), json).write();
    return folder;
  }

  @Test
  void theyInheritWhatTheirParentsLearned() throws IOException {
    Path third = version("a", "other", "b");
    Path second = version("b", "other", "z/last");
    Path first = version("z/last", "ours", "");
    version("alone", "other", "");
    version("child", "other", "alone");

    assertThat(LearnedVersion.find(runs, Set.of("ours")))
        .containsExactly(
            new LearnedVersion(first, false),
            new LearnedVersion(second, true),
            new LearnedVersion(third, true));
    assertThat(LearnedVersion.find(runs, Set.of("none"))).isEmpty();
    Path absent = runs.resolve("absent");
    assertThatThrownBy(() -> LearnedVersion.find(absent, Set.of("ours")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(absent.toString());
  }
}
