package io.adapt4j.core.internal.nn.head;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Queries of an encoder's last layer that may be cleared for a classifier of the first token. */
class LastQueriesTest {

  private static final String SIZES =
      """
      "vocab_size": 20, "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2,
      "num_attention_heads": 2, "max_position_embeddings": 16, "type_vocab_size": 2,
      "embedding_size": 4, "pad_token_id": 0, "num_labels": 2
      """;

  @TempDir private Path folder;

  private Optional<LastQueries> queries(String type, String architecture, String more)
      throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "%s", "architectures": ["%s"], %s%s}
        """
            .formatted(type, architecture, SIZES, more));
    try (Encoder encoder = Architectures.declareEncoder(ModelConfig.read(folder))) {
      return encoder.lastQueries();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "bert, BertForSequenceClassification, bert.encoder.layer.1.attention.self.query",
    "roberta, RobertaForSequenceClassification, roberta.encoder.layer.1.attention.self.query",
    "electra, ElectraForSequenceClassification, electra.encoder.layer.1.attention.self.query"
  })
  void theyAreThoseOfTheLastLayer(String type, String architecture, String path)
      throws IOException {
    LastQueries found = queries(type, architecture, "").orElseThrow();
    assertThat(found.path()).isEqualTo(path);
    assertThat(found.names()).containsExactly(path + ".weight", path + ".bias");
  }

  @Test
  void layersThatAreAppliedRepeatedlyHaveNone() throws IOException {
    assertThat(queries("albert", "AlbertForSequenceClassification", "")).isEmpty();
  }

  @Test
  void classesOfTokensHaveNone() throws IOException {
    assertThat(queries("bert", "BertForTokenClassification", "")).isEmpty();
  }

  @Test
  void relativePositionsInTheScoresHaveNone() throws IOException {
    assertThat(
            queries(
                "deberta-v2",
                "DebertaV2ForSequenceClassification",
                ", \"relative_attention\": true, \"pos_att_type\": [\"p2c\", \"c2p\"], \"position_buckets\": 8, \"norm_rel_ebd\": \"layer_norm\", \"share_att_key\": true, \"position_biased_input\": false"))
        .isEmpty();
  }
}
