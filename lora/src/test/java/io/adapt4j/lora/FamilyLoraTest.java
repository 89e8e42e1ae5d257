package io.adapt4j.lora;

import static io.adapt4j.core.internal.nn.TestNetworks.network;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** LoRA on every family, under the names that family gives its projections. */
class FamilyLoraTest {

  private static final int LENGTH = 12;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          llama_linear    | model.layers.1          | self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj mlp.gate_proj mlp.up_proj mlp.down_proj
          mistral_full    | model.layers.1          | self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj mlp.gate_proj mlp.up_proj mlp.down_proj
          qwen2_window    | model.layers.1          | self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj mlp.gate_proj mlp.up_proj mlp.down_proj
          qwen3_bias      | model.layers.1          | self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj mlp.gate_proj mlp.up_proj mlp.down_proj
          gemma2_uncapped | model.layers.1          | self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj mlp.gate_proj mlp.up_proj mlp.down_proj
          gemma3_text     | model.layers.1          | self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj mlp.gate_proj mlp.up_proj mlp.down_proj
          gemma3          | model.language_model.layers.1 | self_attn.q_proj self_attn.o_proj mlp.gate_proj mlp.down_proj
          gemma3n         | model.layers.1          | self_attn.q_proj self_attn.k_proj self_attn.v_proj altup.modality_router altup.prediction_coefs altup.correction_coefs laurel.linear_left laurel.linear_right per_layer_input_gate per_layer_projection mlp.up_proj
          gemma3n         | model                   | per_layer_model_projection altup_projections.1 altup_unembed_projections.0 layers.3.self_attn.q_proj
          gemma4          | model.layers.1          | self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj per_layer_input_gate per_layer_projection mlp.down_proj
          gemma4          | model                   | per_layer_model_projection layers.3.self_attn.q_proj layers.3.mlp.gate_proj
          gemma4_one      | model.layers.1          | self_attn.q_proj self_attn.k_proj self_attn.o_proj
          gemma4_moe      | model.layers.1          | self_attn.q_proj self_attn.k_proj self_attn.o_proj mlp.gate_proj
          mistral3        | model.language_model.layers.1 | self_attn.q_proj self_attn.o_proj mlp.gate_proj mlp.down_proj
          apertus         | model.layers.1          | self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj mlp.up_proj mlp.down_proj
          phi3            | model.layers.1          | self_attn.qkv_proj self_attn.o_proj mlp.gate_up_proj mlp.down_proj
          smollm3         | model.layers.1          | self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj mlp.gate_proj mlp.up_proj mlp.down_proj
          olmo2           | model.layers.1          | self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj mlp.gate_proj mlp.up_proj mlp.down_proj
          granite         | model.layers.1          | self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj mlp.gate_proj mlp.up_proj mlp.down_proj
          mixtral         | model.layers.1          | self_attn.q_proj self_attn.o_proj block_sparse_moe.experts.3.w1 block_sparse_moe.experts.3.w2 block_sparse_moe.experts.3.w3
          qwen2_moe       | model.layers.1          | mlp.experts.4.gate_proj mlp.shared_expert.up_proj mlp.shared_expert_gate
          lfm2            | model.layers.0          | conv.in_proj conv.out_proj feed_forward.w1 feed_forward.w2 feed_forward.w3
          qwen3_5         | model.layers.0          | linear_attn.in_proj_qkv linear_attn.in_proj_z linear_attn.in_proj_b linear_attn.in_proj_a linear_attn.out_proj mlp.gate_proj
          qwen3_5         | model.layers.1          | self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj mlp.gate_proj mlp.up_proj mlp.down_proj
          qwen3_next      | model.layers.0          | linear_attn.in_proj_qkvz linear_attn.in_proj_ba linear_attn.out_proj mlp.shared_expert.up_proj
          granite_hybrid  | model.layers.0          | mamba.in_proj mamba.out_proj shared_mlp.input_linear shared_mlp.output_linear
          falcon_h1       | model.layers.1          | mamba.in_proj self_attn.q_proj self_attn.o_proj feed_forward.gate_proj feed_forward.down_proj
          gpt2_by_layer   | transformer.h.1         | attn.c_attn attn.c_proj mlp.c_fc mlp.c_proj
          gpt_neox_linear | gpt_neox.layers.1       | attention.query_key_value attention.dense mlp.dense_h_to_4h mlp.dense_4h_to_h
          gpt_bigcode     | transformer.h.1         | attn.c_attn attn.c_proj mlp.c_fc mlp.c_proj
          gpt_neo         | transformer.h.1         | attn.attention.q_proj attn.attention.k_proj attn.attention.v_proj attn.attention.out_proj mlp.c_fc mlp.c_proj
          gptj            | transformer.h.1         | attn.q_proj attn.k_proj attn.v_proj attn.out_proj mlp.fc_in mlp.fc_out
          opt             | model.decoder.layers.1  | self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.out_proj fc1 fc2
          opt_after       | model.decoder           | project_in project_out layers.1.self_attn.q_proj layers.1.fc2
          bloom           | transformer.h.1         | self_attention.query_key_value self_attention.dense mlp.dense_h_to_4h mlp.dense_4h_to_h
          mpt             | transformer.blocks.1    | attn.Wqkv attn.out_proj ffn.up_proj ffn.down_proj
          gte_mlm         | new.encoder.layer.1     | attention.q_proj attention.k_proj attention.v_proj attention.o_proj mlp.up_gate_proj mlp.down_proj
          roberta_mlm     | roberta.encoder.layer.1 | attention.self.query attention.self.key attention.self.value attention.output.dense intermediate.dense output.dense
          xlm_roberta_cls | roberta.encoder.layer.1 | attention.self.query attention.self.key attention.self.value attention.output.dense intermediate.dense output.dense
          distilbert_cls  | distilbert.transformer.layer.1 | attention.q_lin attention.k_lin attention.v_lin attention.out_lin ffn.lin1 ffn.lin2
          modernbert_cls  | model.layers.1          | attn.Wqkv attn.Wo mlp.Wi mlp.Wo
          mpnet_mlm       | mpnet.encoder.layer.1   | attention.attn.q attention.attn.k attention.attn.v attention.attn.o intermediate.dense output.dense
          electra_mlm     | electra.encoder.layer.1 | attention.self.query attention.self.key attention.self.value attention.output.dense intermediate.dense output.dense
          albert_mlm      | albert.encoder.albert_layer_groups.0.albert_layers.0 | attention.query attention.key attention.value attention.dense ffn ffn_output
          deberta_v2_cls  | deberta.encoder.layer.1 | attention.self.query_proj attention.self.key_proj attention.self.value_proj attention.output.dense intermediate.dense output.dense
          deberta_v2_own_keys | deberta.encoder.layer.1 | attention.self.pos_key_proj attention.self.pos_query_proj
          nomic_bert_moe  | bert.encoder.layers.1   | attn.Wqkv attn.out_proj
          nomic_bert_mlm  | bert.encoder.layers.1   | attn.Wqkv attn.out_proj mlp.fc1 mlp.fc2
          bert_features   | encoder.layer.1         | attention.self.query attention.self.key attention.self.value attention.output.dense intermediate.dense output.dense
          """)
  void adaptsEveryProjectionMergesAndComesOff(
      String family, String layer, String projections, @TempDir Path folder) {
    Lora lora = Lora.rank(2).alpha(4).targets(Targets.ALL_LINEAR);
    Path base = Path.of("..", "core", "fixtures", "families", family);
    try (Network network = network(base)) {
      float[] plain = outputs(network);
      try (Adaptation adaptation = Methods.of(lora).attach(network, base, 1)) {
        for (String projection : projections.split(" ", -1)) {
          assertThat(adaptation.trained().stream().map(Trainable::name))
              .contains("base_model.model." + layer + "." + projection + ".lora_A.weight");
        }
        // What scores classes is no projection to adapt, but an output to train in full.
        assertThat(adaptation.trained().stream().map(Trainable::name))
            .doesNotContain("base_model.model.classifier.lora_A.weight");
        assertThat(outputs(network)).isEqualTo(plain);
        SplittableRandom random = new SplittableRandom(5);
        adaptation.trained().forEach(parameter -> randomize(parameter.value(), random));
        adaptation.refresh();
        adaptation.save(folder);
      }
      assertThat(outputs(network)).isEqualTo(plain);
      try (AttachedAdapter adapter = AdapterMechanics.of(LoraAdapter.at(folder)).attach(network)) {
        float[] adapted = outputs(network);
        assertThat(distance(adapted, plain)).isGreaterThan(1e-2);
        adapter.merge();
        assertThat(distance(outputs(network), adapted)).isLessThan(tolerance(family));
        adapter.unmerge();
        assertThat(distance(outputs(network), adapted)).isLessThan(tolerance(family));
      }
      assertThat(distance(outputs(network), plain)).isLessThan(tolerance(family));
    }
  }

  /** Several residual streams round more often: 1.3e-5 was measured. */
  private static double tolerance(String family) {
    return family.equals("gemma3n") ? 2e-5 : 1e-5;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"llama_linear", "phi3", "gpt2_by_layer", "gpt_neox_linear", "modernbert_cls"})
  void doraAndPissaStartAtTheBaseAndMerge(String family, @TempDir Path folder) {
    Path base = Path.of("..", "core", "fixtures", "families", family);
    try (Network network = network(base)) {
      float[] plain = outputs(network);
      Lora both = Lora.rank(2).dora().initialize(LoraInit.pissa());
      try (Adaptation adaptation = Methods.of(both).attach(network, base, 1)) {
        assertThat(distance(outputs(network), plain)).isLessThan(1e-4);
        SplittableRandom random = new SplittableRandom(5);
        for (Trainable parameter : adaptation.trained()) {
          if (!parameter.name().endsWith("lora_magnitude_vector")) {
            randomize(parameter.value(), random);
          }
        }
        adaptation.refresh();
        adaptation.save(folder);
      }
      try (AttachedAdapter adapter = AdapterMechanics.of(LoraAdapter.at(folder)).attach(network)) {
        float[] adapted = outputs(network);
        assertThat(distance(adapted, plain)).isGreaterThan(1e-2);
        adapter.merge();
        assertThat(distance(outputs(network), adapted)).isLessThan(1e-4);
        adapter.unmerge();
      }
      assertThat(outputs(network)).isEqualTo(plain);
    }
  }

  private static void randomize(Tensor value, SplittableRandom random) {
    float[] numbers = new float[Math.toIntExact(value.count())];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) (0.2 * (random.nextDouble() - 0.5));
    }
    value.data().asFloatBuffer().put(numbers);
  }

  /** Logits where the model has them, else hidden states. */
  private static float[] outputs(Network network) {
    long[] ids = new long[LENGTH];
    long[] mask = new long[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      ids[i] = 4 + i * 7L % 30;
      mask[i] = 1;
    }
    try (Scope scope = Scope.open();
        Positions positions = positions(network, ids, mask)) {
      Ops ops = Ops.inference();
      Tensor tokens = Tensor.of(ids, 1, LENGTH);
      if (network instanceof Decoder decoder) {
        return decoder.logits(decoder.hidden(ops, tokens, positions, false)).toFloats();
      }
      Encoder encoder = (Encoder) network;
      Tensor types = Tensor.of(new long[LENGTH], 1, LENGTH);
      Tensor hidden = encoder.hidden(ops, tokens, types, positions, false);
      if (encoder.classes() > 0) {
        return encoder.classLogits(ops, hidden, mask).toFloats();
      }
      return encoder.predictsTokens()
          ? encoder.vocabularyHead().logits(encoder.vocabularyInput(ops, hidden)).toFloats()
          : hidden.toFloats();
    }
  }

  private static Positions positions(Network network, long[] ids, long[] mask) {
    return network instanceof Decoder decoder
        ? decoder.positions(mask, 1, LENGTH)
        : ((Encoder) network).positions(ids, mask, 1, LENGTH);
  }

  /** The largest deviation, relative where values are above 1. */
  private static double distance(float[] found, float[] wanted) {
    double worst = 0;
    for (int i = 0; i < wanted.length; i++) {
      worst = Math.max(worst, Math.abs(found[i] - wanted[i]) / Math.max(1, Math.abs(wanted[i])));
    }
    return worst;
  }
}
