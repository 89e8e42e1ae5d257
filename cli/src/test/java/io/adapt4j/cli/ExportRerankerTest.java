package io.adapt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExportRerankerTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--instruction,Find it | --instruction: expected --reranker beside it",
        "--reranker | field 'model_type': expected qwen3",
        "--reranker,--instruction,Is {query} in it? | {query}",
        "--reranker,--adapter-only,--adapter,runs/last | --reranker: expected a whole model"
      })
  void whatLlamaCppDoesNotRankWithIsRefused(String options, String message) {
    Path file = folder.resolve("reranker.gguf");
    List<Object> arguments = new ArrayList<>(List.of("export", CommandsTest.MODEL, "--to", file));
    arguments.addAll(Arrays.asList(options.split(",")));
    CommandsTest.Result refused = CommandsTest.execute(arguments.toArray());
    assertThat(refused.code()).isNotZero();
    assertThat(refused.err()).contains(message);
    assertThat(file).doesNotExist();
  }
}
