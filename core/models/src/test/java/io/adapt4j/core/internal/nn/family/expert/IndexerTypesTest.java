package io.adapt4j.core.internal.nn.family.expert;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.nn.family.common.LatentHeads.Choosing;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Layers of GLM-5 with an indexer, by the rules of {@code GlmMoeDsaConfig} of Transformers. */
class IndexerTypesTest {

  /** A: alone, L: for later layers, B: as before. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "{} | AAAAAAAA",
        "{'index_topk_freq': 4, 'index_skip_topk_offset': 3} | AALBBBLB",
        "{'index_topk_freq': 4} | ALBBBLBB",
        "{'index_topk_freq': 0} | AAAAAAAA",
        "{'index_topk_pattern': 'FSSFFSFSF'} | LBBALBLB",
        "{'index_topk_pattern': ['full', 'full', 'shared', 'full', 'full', 'full', 'full', 'full']} | ALBAAAAA",
        "{'index_topk_pattern': 'FSSSSSSS', 'indexer_types': ['full', 'shared', 'full', 'shared',"
            + " 'full', 'full', 'full', 'full']} | LBLBAAAA",
      })
  void fieldsSayWhichLayersShareAChoice(String fields, String expected) {
    String found =
        IndexerTypes.read(config(fields), 8).stream()
            .map(IndexerTypesTest::letter)
            .collect(Collectors.joining());
    assertThat(found).isEqualTo(expected);
  }

  private static String letter(Choosing choosing) {
    return switch (choosing) {
      case ALONE -> "A";
      case FOR_LATER -> "L";
      case AS_BEFORE -> "B";
    };
  }

  @Test
  void otherLettersAreRefused() {
    refuses(
        CheckpointException.class,
        () -> IndexerTypes.read(config("{'index_topk_pattern': 'FSXF'}"), 4),
        "index_topk_pattern",
        "4 entries, each full or shared",
        "FSXF");
  }

  private static ConfigReader config(String fields) {
    return ConfigReader.parse(Path.of("config.json"), fields.replace('\'', '"'));
  }
}
