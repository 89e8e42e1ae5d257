package io.adapt4j.cli;

import static io.adapt4j.cli.CommandsTest.MODEL;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.cli.CommandsTest.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The registry's commands. */
class RegistryTest {

  private static final String REPORT =
      "{\"schema\": \"1\", \"candidates\": [{\"tasks\": [{\"name\": \"faq\"}]}]}";

  @TempDir private Path folder;

  private Result execute(Object... arguments) {
    List<Object> all = new ArrayList<>(List.of("registry"));
    all.addAll(List.of(arguments));
    all.addAll(List.of("--registry", folder.resolve("registry")));
    return CommandsTest.execute(all.toArray());
  }

  private Path model(String weights) throws IOException {
    Path model = Files.createDirectories(folder.resolve(weights));
    Files.writeString(model.resolve("adapter_model.safetensors"), weights);
    return model;
  }

  @Test
  void aVersionIsAddedPromotedRolledBackAndExchanged() throws IOException {
    Path report = Files.writeString(folder.resolve("report.json"), REPORT);
    Result one = execute("add", model("one"), "--name", "support", "--exam", report, "--json");
    assertThat(one.code()).as(one.err()).isZero();
    assertThat(one.json().path("version").asText()).isEqualTo("support@1");
    assertThat(one.json().path("exams")).hasSize(1);
    execute("add", model("two"), "--name", "support", "--parent", "support@1", "--note", "better");
    assertThat(execute("promote", "support@1", "--reason", "first").out())
        .isEqualTo("support@production is version 1\n");
    Result refused = execute("promote", "support@2", "--reason", "x");
    assertThat(refused.code()).isEqualTo(ExitCode.USAGE);
    assertThat(refused.err()).contains("expected an exam");
    assertThat(execute("promote", "support@2", "--reason", "x", "--without-exam").code()).isZero();
    assertThat(execute("rollback", "support", "--reason", "worse").out()).contains("version 1");
    assertThat(execute("list").out()).contains("support@1", "production", "better");
    Result shown = execute("show", "support@2", "--json");
    assertThat(shown.json().path("parent").asText()).isEqualTo(one.json().path("pinned").asText());
    assertThat(execute("show", "support@production").out()).contains("version: support@1\n");

    Path pack = folder.resolve("pack");
    assertThat(execute("export", "support@2", "--to", pack).code()).isZero();
    Result imported = execute("import", pack, "--name", "other", "--json");
    assertThat(imported.json().path("version").asText()).isEqualTo("other@1");

    assertThat(execute("verify").code()).isZero();
    Path weights = Path.of(one.json().path("folder").asText()).resolve("adapter_model.safetensors");
    Files.writeString(weights, "changed");
    Result damaged = execute("verify");
    assertThat(damaged.code()).isEqualTo(ExitCode.FINDINGS);
    assertThat(damaged.out()).contains(weights.toString());
  }

  @Test
  void aModelOfAVersionRuns() {
    Result added = execute("add", MODEL, "--name", "stories", "--json");
    assertThat(added.code()).as(added.err()).isZero();
    String at = added.json().path("folder").asText();
    assertThat(CommandsTest.execute("inspect", at).code()).isZero();
  }

  @Test
  void mistakesAreToldWithTheirRemedy() throws IOException {
    assertThat(execute("list").err()).contains("which is not there");
    assertThat(execute("add", folder, "--name", "support").err()).contains("expected weights");
    execute("add", model("one"), "--name", "support");
    Result unknown = execute("show", "support@5");
    assertThat(unknown.code()).isEqualTo(ExitCode.USAGE);
    assertThat(unknown.err()).contains("there are versions [1]");
    assertThat(execute("promote", "support@1").err()).contains("--reason");
  }
}
