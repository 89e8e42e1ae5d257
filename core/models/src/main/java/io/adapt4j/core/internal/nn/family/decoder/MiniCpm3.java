package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LatentHeads;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;

/**
 * MiniCPM 3 (OpenBMB 2024): multi-head latent attention in a dense model, with factors of
 * embeddings, branches and logits.
 */
public final class MiniCpm3 extends BuiltInFamily {

  private static final String DEPTH = "scale_depth";
  private static final String BASE = "dim_model_base";

  public MiniCpm3() {
    super(
        "minicpm3", new DecoderConfig.Defaults(32_768, 1e-5, "silu", true, 10_000), "kv_lora_rank");
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    return DecoderConfig.from(LatentHeads.rotatedPart(model, 32), defaults());
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    DecoderConfig config = dimensions(model);
    int value = config.hiddenSize() / config.heads();
    LatentHeads heads =
        LatentHeads.read(fields, config, new LatentHeads.Defaults(768, 256, 64, value), false);
    return new LlamaLike(model, config)
        .mixers((path, layer) -> heads.declare(path + ".self_attn"))
        .mlpBias(config.mlpBias())
        .embeddingScale(new Embeddings.Scale(fields.positiveNumber("scale_emb", 12), true))
        .residualScale(residualScale(fields, config.layers()))
        .logitScale(logitScale(fields, config.hiddenSize()))
        .declare();
  }

  /** Returns the factor of each branch; 1 if the field is null. */
  public static double residualScale(ConfigReader fields, int layers) {
    return fields.isNull(DEPTH) ? 1 : fields.positiveNumber(DEPTH, 1.4) / Math.sqrt(layers);
  }

  /** Returns the factor of logits; 1 if the field is null. */
  public static double logitScale(ConfigReader fields, int hidden) {
    return fields.isNull(BASE) ? 1 : fields.positiveNumber(BASE, 256) / hidden;
  }
}
