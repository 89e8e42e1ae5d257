package io.adapt4j.core.internal.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;
import io.adapt4j.core.internal.tokenize.Batch;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Dropout as the model's configuration states it. */
class DropoutTest {

  private static final int LENGTH = 200;

  /** Rates in the order embedding, attention, its output, inner, MLP's output, head, classifier. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "llama | 'attention_dropout': 0.2 | 0 0.2 0 0 0 0 0",
        "llama | 'attention_dropout': null | 0 0 0 0 0 0 0",
        "gpt2 | | 0.1 0.1 0.1 0 0.1 0 0",
        "gpt2 | 'embd_pdrop': 0, 'attn_pdrop': 0.2, 'resid_pdrop': 0.3 | 0 0.2 0.3 0 0.3 0 0",
        "gpt_neox | 'hidden_dropout': 0.3, 'attention_dropout': 0.2 | 0.3 0.2 0.3 0 0.3 0 0",
        "phi | 'embd_pdrop': 0.1, 'resid_pdrop': 0.3 | 0.1 0 0.3 0 0.3 0 0",
        "phi3 | 'embd_pdrop': 0.1, 'resid_pdrop': 0.3 | 0 0 0.3 0 0.3 0 0",
        "starcoder2 | 'embedding_dropout': 0.1, 'residual_dropout': 0.3 | 0.1 0 0.3 0 0.3 0 0",
        "seed_oss | 'attention_dropout': 0.2, 'residual_dropout': 0.3 | 0 0.2 0.3 0 0.3 0 0",
        "stablelm | 'hidden_dropout': 0.3 | 0 0 0 0 0.3 0 0",
        "bert | | 0.1 0.1 0.1 0 0.1 0 0.1",
        "bert | 'hidden_dropout_prob': 0.3, 'classifier_dropout': 0.2 | 0.3 0.1 0.3 0 0.3 0 0.2",
        "roberta | 'classifier_dropout': null | 0.1 0.1 0.1 0 0.1 0.1 0.1",
        "distilbert | 'dropout': 0.3 | 0.3 0.1 0 0 0.3 0 0.2",
        "modernbert | 'mlp_dropout': 0.3, 'attention_dropout': 0.2 | 0 0.2 0.2 0.3 0 0 0"
      })
  void everyFamilyDropsWhatItsReferenceDrops(String type, String fields, String rates) {
    assertThat(Architectures.dropout(config(type, fields))).isEqualTo(rates(rates));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "-0.1", "'much'"})
  void aRateThatIsNoProbabilityIsNamed(String rate) {
    assertThatThrownBy(() -> Architectures.dropout(config("llama", "'attention_dropout': " + rate)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("attention_dropout")
        .hasMessageContaining("config.json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2_by_layer", "distilbert_cls", "qwen3_window"})
  void whatIsDroppedFollowsTheSeedOfTrainingAloneAndEvaluationDropsNothing(String name) {
    try (FamilyFolder folder = FamilyFolder.open(name);
        Network network = folder.load()) {
      Batch batch = folder.batch("");
      double plain = FamilyFolder.loss(network, batch);
      assertThat(FamilyFolder.forwardBackward(network, batch, false))
          .isCloseTo(plain, within(1e-5));
      network.drop(rates("0.1 0.1 0.1 0.1 0.1 0.1 0.1"));
      double dropped = FamilyFolder.forwardBackward(network, batch, false);
      assertThat(dropped).isNotCloseTo(plain, within(1e-3));
      assertThat(FamilyFolder.forwardBackward(network, batch, false)).isEqualTo(dropped);
      assertThat(FamilyFolder.loss(network, batch)).isEqualTo(plain);
    }
  }

  @Test
  void attentionWeightsAreKeptWithTheirProbabilityAndTheirMeanStays() {
    double p = 0.25;
    try (Scope scope = Scope.open();
        Tape tape = new Tape()) {
      // Equal scores and values of 1: an output is the share of its weights that is kept, scaled.
      Tensor zeros = Tensor.zeros(DType.F32, 1, 2, LENGTH, 4);
      float[] ones = new float[2 * LENGTH * 4];
      Arrays.fill(ones, 1);
      Ops ops = Ops.recording(tape, 3).dropping(DropoutRates.ofAttention(p));
      AttentionRule rule = AttentionRule.bothWays(4, 0);
      Tensor v = Tensor.of(ones, 1, 2, LENGTH, 4);
      float[] first = ops.inLayer(0).attention(zeros, zeros, v, null, rule).toFloats();
      float[] second = ops.inLayer(1).attention(zeros, zeros, v, null, rule).toFloats();
      double mean = 0;
      for (float share : first) {
        double kept = share * (1 - p) * LENGTH;
        assertThat(kept).isCloseTo(Math.rint(kept), within(1e-3));
        mean += share / first.length;
      }
      assertThat(mean).isCloseTo(1, within(0.01));
      assertThat(second).isNotEqualTo(first);
      assertThat(ops.inLayer(0).attention(zeros, zeros, v, null, rule).toFloats()).isEqualTo(first);
    }
  }

  private static DropoutRates rates(String text) {
    double[] of = Arrays.stream(text.split(" ")).mapToDouble(Double::parseDouble).toArray();
    return new DropoutRates(of[0], of[1], of[2], of[3], of[4], of[5], of[6]);
  }

  private static ModelConfig config(String type, String fields) {
    String more = fields == null ? "" : ", " + fields;
    return ModelConfig.parse(
        Path.of("config.json"), ("{'model_type': '" + type + "'" + more + "}").replace('\'', '"'));
  }
}
