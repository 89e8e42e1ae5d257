package io.adapt4j.core.internal.nn.family.expert;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.FamilyFolder;
import io.adapt4j.core.internal.nn.family.Architectures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the privacy filter's class assumes where a file says nothing. */
class PrivacyFilterTest {

  private static ObjectNode without(String... fields) throws Exception {
    try (FamilyFolder folder = FamilyFolder.open("privacy_filter_tokens")) {
      ObjectNode json =
          (ObjectNode) Json.parse(Files.readString(folder.path().resolve("config.json")));
      return json.remove(List.of(fields));
    }
  }

  private static Encoder declared(ObjectNode json) {
    return Architectures.declareEncoder(ModelConfig.parse(Path.of("config.json"), json.toString()));
  }

  @Test
  void thirtyThreeLabelsAreTheUsualOnes() throws Exception {
    try (Encoder encoder = declared(without("id2label", "label2id"))) {
      assertThat(encoder.classes()).isEqualTo(33);
      assertThat(encoder.modelConfig().fields().child("id2label").orElseThrow().json())
          .startsWith(Json.parse("'O'".replace('\'', '"')))
          .endsWith(Json.parse("'S-secret'".replace('\'', '"')));
    }
  }

  @Test
  void positionsAreScaledByYarn() throws Exception {
    ObjectNode stated = without();
    stated.set(
        "rope_parameters",
        Json.parse(
            """
            {"rope_type": "yarn", "rope_theta": 150000.0, "factor": 32.0, "beta_fast": 32.0,
             "beta_slow": 1.0, "truncate": false, "original_max_position_embeddings": 4096}
            """));
    try (Encoder explicit = declared(stated);
        Encoder assumed = declared(without("rope_parameters"))) {
      RotaryFrequencies wanted = explicit.body().rotary().get(0);
      RotaryFrequencies found = assumed.body().rotary().get(0);
      assertThat(found.attentionFactor()).isEqualTo(wanted.attentionFactor()).isGreaterThan(1);
      assertThat(found.inverseFrequencies(64)).isEqualTo(wanted.inverseFrequencies(64));
    }
  }
}
