package io.adapt4j.gguf.internal.picture;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.RowOrder;
import io.adapt4j.gguf.internal.layout.TensorName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Image tower and projector of a family in an mmproj file, as llama.cpp's converter names them.
 *
 * @param root path of the tower in checkpoints, with "model." in front
 * @param projector path of the projector, if it is not within the tower
 * @param heads number of heads where {@code headsField} is absent
 */
public record PictureFamily(
    Set<String> modelTypes,
    String root,
    String projector,
    String type,
    String headsField,
    int heads,
    Function<ModelConfig, List<TensorName>> names,
    BiConsumer<PictureFacts, GgufMetadata.Builder> keys) {

  public static final String VISION = "clip.vision.";
  private static final String PIXTRAL = "pixtral";
  private static final String LLAVA = "mlp";
  private static final String GLM = "glm4v";
  private static final String GELU = "gelu_pytorch_tanh";

  private static final List<PictureFamily> ALL =
      List.of(
          idefics3(), gemma3(), lfm2(), qwen2(), qwen25(), qwen3(), mistral3(), llava(), glmOcr());

  /** Families whose pictures llama.cpp 0.7.0 reads otherwise, with the difference. */
  private static final Map<String, String> DIFFERENT_THERE =
      Map.of(
          "internvl",
          "llama.cpp gives each patch of this family the position of the one before",
          "paddleocr_vl",
          "llama.cpp interpolates the positions of this family's patches between the centers of"
              + " patches, where the model does between the corners of the picture");

  /** Returns why there is no entry of a model's family. */
  public static String whyNot(ModelConfig model) {
    return DIFFERENT_THERE.getOrDefault(
        model.modelType(), "mmproj files of this family are not written");
  }

  /** Returns a model's family; empty if there is no entry of it. */
  public static Optional<PictureFamily> find(ModelConfig model) {
    return ALL.stream().filter(family -> family.modelTypes.contains(model.modelType())).findFirst();
  }

  /** {@return the values of {@code model_type}, sorted} */
  public static List<String> known() {
    return ALL.stream().flatMap(family -> family.modelTypes.stream()).sorted().toList();
  }

  private static PictureFamily idefics3() {
    return new PictureFamily(
        Set.of("idefics3", "smolvlm"),
        "model.vision_model.",
        "model.connector.",
        "idefics3",
        "num_attention_heads",
        16,
        model ->
            siglip(
                "model.vision_model.",
                TensorName.of("model.connector.modality_projection.proj", "mm.model.fc")),
        (facts, target) -> {
          facts.requireText("hidden_act", GELU, GELU);
          facts.requireProcessor("do_image_splitting", true, true);
          int edge =
              facts
                  .processor()
                  .child("size")
                  .map(size -> size.positiveInt("longest_edge", 4 * 364))
                  .orElse(4 * 364);
          target.uint32(
              VISION + "projector.scale_factor",
              facts.model().fields().positiveInt("scale_factor", 2));
          target.bool("clip.use_gelu", true);
          target.uint32(VISION + "preproc_image_size", edge);
        });
  }

  private static PictureFamily gemma3() {
    String projector = "model.multi_modal_projector.";
    return new PictureFamily(
        Set.of("gemma3"),
        "model.vision_tower.vision_model.",
        projector,
        "gemma3",
        "num_attention_heads",
        12,
        model ->
            siglip(
                "model.vision_tower.vision_model.",
                TensorName.of(projector + "mm_soft_emb_norm", "mm.soft_emb_norm", Layout.PLUS_ONE),
                TensorName.tensor(
                    projector + "mm_input_projection_weight",
                    "mm.input_projection.weight",
                    Layout.SAME)),
        (facts, target) -> {
          facts.requireText("hidden_act", GELU, GELU);
          facts.requireProcessor("do_pan_and_scan", false, false);
          ConfigReader vision = facts.vision();
          int side = vision.positiveInt("image_size", 224) / vision.positiveInt("patch_size", 16);
          int tokens = facts.model().fields().positiveInt("mm_tokens_per_image", 256);
          target.bool("clip.use_gelu", true);
          target.uint32(VISION + "projector.scale_factor", side / (int) Math.sqrt(tokens));
        });
  }

  private static PictureFamily lfm2() {
    String projector = "model.multi_modal_projector.";
    return new PictureFamily(
        Set.of("lfm2-vl", "lfm2_vl"),
        "model.vision_tower.vision_model.",
        projector,
        "lfm2",
        "num_attention_heads",
        12,
        model ->
            siglip(
                "model.vision_tower.vision_model.",
                TensorName.of(projector + "layer_norm", "mm.input_norm"),
                TensorName.of(projector + "linear_1", "mm.1"),
                TensorName.of(projector + "linear_2", "mm.2")),
        (facts, target) -> {
          facts.requireText("hidden_act", GELU, GELU);
          facts.requireProcessor("do_image_splitting", true, true);
          facts.require(facts.model().fields(), "vision_feature_layer", -1, -1);
          facts.require(facts.processor(), "tile_size", 512, 512);
          facts.require(facts.processor(), "min_tiles", 2, 2);
          facts.require(facts.processor(), "max_tiles", 10, 10);
          facts.require(facts.processor(), "min_image_tokens", 64, 64);
          facts.require(facts.processor(), "max_image_tokens", 256, 256);
          target.uint32(
              VISION + "projector.scale_factor",
              facts.model().fields().positiveInt("downsample_factor", 2));
          target.bool("clip.use_gelu", true);
        });
  }

  private static PictureFamily qwen2() {
    return qwen(
        Set.of("qwen2_vl"),
        "qwen2vl_merger",
        model -> qwenNames("mlp.fc1 = ffn_up", "mlp.fc2 = ffn_down"),
        (facts, target) -> facts.requireText("hidden_act", "quick_gelu", "quick_gelu"));
  }

  private static PictureFamily qwen25() {
    return qwen(
        Set.of("qwen2_5_vl"),
        "qwen2.5vl_merger",
        model ->
            qwenNames(
                "mlp.gate_proj = ffn_gate", "mlp.up_proj = ffn_up", "mlp.down_proj = ffn_down"),
        (facts, target) -> {
          facts.requireText("hidden_act", "silu", "silu");
          ConfigReader vision = facts.vision();
          facts.require(vision, "window_size", 112, 112);
          List<Integer> whole =
              vision.has("fullatt_block_indexes")
                  ? vision.integers("fullatt_block_indexes")
                  : List.of(7, 15, 23, 31);
          int every = whole.isEmpty() ? 0 : whole.get(0) + 1;
          for (int layer = 0; layer < vision.positiveInt("depth", 32); layer++) {
            if (every == 0 || whole.contains(layer) != ((layer + 1) % every == 0)) {
              throw vision.invalid(
                  "fullatt_block_indexes", "every n-th layer, from n - 1", "Run this model here.");
            }
          }
          target.bool("clip.use_silu", true);
          target.uint32(VISION + "n_wa_pattern", every);
        });
  }

  private static PictureFamily qwen(
      Set<String> modelTypes,
      String type,
      Function<ModelConfig, List<TensorName>> names,
      BiConsumer<PictureFacts, GgufMetadata.Builder> keys) {
    return new PictureFamily(
        modelTypes,
        "model.visual.",
        "model.visual.",
        type,
        "num_heads",
        16,
        names,
        keys.andThen(
            (facts, target) -> {
              facts.require(facts.vision(), "temporal_patch_size", 2, 2);
              target.uint32(
                  VISION + "spatial_merge_size",
                  facts.vision().positiveInt("spatial_merge_size", 2));
            }));
  }

  private static PictureFamily qwen3() {
    return qwen(
        Set.of("qwen3_vl", "qwen3_vl_moe"),
        "qwen3vl_merger",
        model -> {
          List<TensorName> names =
              new ArrayList<>(
                  modules(
                      "model.visual.",
                      "patch_embed.proj = v.patch_embd",
                      "pos_embed = v.position_embd",
                      "merger.norm = v.post_ln",
                      "merger.linear_fc1 = mm.0",
                      "merger.linear_fc2 = mm.2",
                      "blocks.{}.attn.qkv = v.blk.{}.attn_qkv",
                      "blocks.{}.attn.proj = v.blk.{}.attn_out",
                      "blocks.{}.norm1 = v.blk.{}.ln1",
                      "blocks.{}.norm2 = v.blk.{}.ln2",
                      "blocks.{}.mlp.linear_fc1 = v.blk.{}.ffn_up",
                      "blocks.{}.mlp.linear_fc2 = v.blk.{}.ffn_down"));
          names.add(secondFrame());
          List<Integer> tapped = tapped(PictureFacts.vision(model));
          for (int i = 0; i < tapped.size(); i++) {
            String stored = "deepstack_merger_list." + i + ".";
            String file = "v.deepstack." + tapped.get(i) + ".";
            names.addAll(
                modules(
                    "model.visual.",
                    stored + "norm = " + file + "norm",
                    stored + "linear_fc1 = " + file + "fc1",
                    stored + "linear_fc2 = " + file + "fc2"));
          }
          return names;
        },
        (facts, target) -> {
          facts.requireText("hidden_act", GELU, GELU);
          boolean[] layers = new boolean[facts.vision().positiveInt("depth", 27)];
          tapped(facts.vision()).forEach(layer -> layers[layer] = true);
          target.bool("clip.use_gelu", true);
          target.bools(VISION + "is_deepstack_layers", layers);
        });
  }

  private static PictureFamily glmOcr() {
    String layer = "blocks.{}.";
    return qwen(
        Set.of("glm_ocr"),
        GLM,
        model -> {
          List<TensorName> names =
              new ArrayList<>(
                  modules(
                      "model.visual.",
                      "patch_embed.proj = v.patch_embd",
                      "post_layernorm = v.post_ln",
                      "downsample = mm.patch_merger",
                      "merger.proj = mm.model.fc",
                      "merger.post_projection_norm = mm.post_norm",
                      "merger.gate_proj = mm.gate",
                      "merger.up_proj = mm.up",
                      "merger.down_proj = mm.down",
                      layer + "attn.qkv = v.blk.{}.attn_qkv",
                      layer + "attn.q_norm = v.blk.{}.attn_q_norm",
                      layer + "attn.k_norm = v.blk.{}.attn_k_norm",
                      layer + "attn.proj = v.blk.{}.attn_out",
                      layer + "norm1 = v.blk.{}.ln1",
                      layer + "norm2 = v.blk.{}.ln2",
                      layer + "mlp.gate_proj = v.blk.{}.ffn_gate",
                      layer + "mlp.up_proj = v.blk.{}.ffn_up",
                      layer + "mlp.down_proj = v.blk.{}.ffn_down"));
          names.add(secondFrame());
          return names;
        },
        (facts, target) -> {
          facts.requireText("hidden_act", "silu", "silu");
          facts.require(facts.vision(), "spatial_merge_size", 2, 2);
          target.bool("clip.use_silu", true);
        });
  }

  /** Pixtral's tower with the patch merger of Mistral Small 3.1 and Ministral 3. */
  private static PictureFamily mistral3() {
    String tower = "model.vision_tower.";
    String projector = "model.multi_modal_projector.";
    return new PictureFamily(
        Set.of("mistral3"),
        tower,
        projector,
        PIXTRAL,
        "num_attention_heads",
        16,
        model -> {
          int heads = PictureFacts.vision(model).positiveInt("num_attention_heads", 16);
          String layer = "transformer.layers.{}.";
          List<TensorName> names =
              new ArrayList<>(
                  modules(
                      tower,
                      "patch_conv = v.patch_embd",
                      "ln_pre = v.pre_ln",
                      layer + "attention_norm = v.blk.{}.ln1",
                      layer + "ffn_norm = v.blk.{}.ln2",
                      layer + "attention.v_proj = v.blk.{}.attn_v",
                      layer + "attention.o_proj = v.blk.{}.attn_out",
                      layer + "feed_forward.gate_proj = v.blk.{}.ffn_gate",
                      layer + "feed_forward.up_proj = v.blk.{}.ffn_up",
                      layer + "feed_forward.down_proj = v.blk.{}.ffn_down"));
          for (String part : List.of("q", "k")) {
            names.add(
                TensorName.of(
                    tower + layer + "attention." + part + "_proj",
                    "v.blk.{}.attn_" + part,
                    Layout.rotaryPairs(heads, 1)));
          }
          names.addAll(
              modules(
                  projector,
                  "norm = mm.input_norm",
                  "patch_merger.merging_layer = mm.patch_merger",
                  "linear_1 = mm.1",
                  "linear_2 = mm.2"));
          return names;
        },
        (facts, target) -> {
          facts.requireText("hidden_act", "gelu", "silu");
          facts.require(facts.model().fields(), "vision_feature_layer", -1, -1);
          ConfigReader rope = facts.vision().child("rope_parameters").orElse(facts.vision());
          facts.require(rope, "rope_theta", 10_000, 10_000);
          target.bool("clip.use_silu", true);
          target.uint32(
              VISION + "spatial_merge_size",
              facts.model().fields().positiveInt("spatial_merge_size", 2));
        });
  }

  /**
   * LLaVA with SigLIP's tower, read after one of its layers. A class token, such as CLIP's and
   * InternVL's, stands after the patches in llama.cpp 0.7.0, which so gives each patch the position
   * of the one before.
   */
  private static PictureFamily llava() {
    String tower = "model.vision_tower.vision_model.";
    String projector = "model.multi_modal_projector.";
    return new PictureFamily(
        Set.of("llava"),
        tower,
        projector,
        LLAVA,
        "num_attention_heads",
        16,
        model ->
            siglip(
                tower,
                TensorName.of(projector + "linear_1", "mm.0"),
                TensorName.of(projector + "linear_2", "mm.2")),
        (facts, target) -> {
          ConfigReader fields = facts.model().fields();
          ConfigReader stated = fields.child("vision_config").orElseThrow();
          facts.requireText(stated, "model_type", "clip_vision_model", "siglip_vision_model");
          facts.requireText("hidden_act", GELU, GELU);
          facts.requireText(fields, "projector_hidden_act", "gelu", "gelu");
          facts.requireText(fields, "vision_feature_select_strategy", "default", "full");
          List<Integer> read = fields.integers("vision_feature_layer");
          if (read.size() > 1) {
            throw fields.invalid("vision_feature_layer", "one layer", "Run this model here.");
          }
          int layer = read.isEmpty() ? -2 : read.get(0);
          int layers = facts.vision().positiveInt("num_hidden_layers", 12);
          target.int32s(
              VISION + "feature_layer", new int[] {layer < 0 ? layers + 1 + layer : layer});
          target.bool("clip.use_gelu", true);
          target.bool("clip.has_llava_projector", true);
        });
  }

  /** Returns the token after a row of patches, whose embedding is in the file; empty if none. */
  public Optional<String> lineEnd() {
    return type.equals(PIXTRAL) ? Optional.of("[IMG_BREAK]") : Optional.empty();
  }

  /** {@return the field of the epsilon of the norms} */
  public String epsField() {
    return type.equals(GLM) ? "rms_norm_eps" : "layer_norm_eps";
  }

  /** {@return the epsilon of the norms where the configuration has none} */
  public double eps() {
    return type.equals(PIXTRAL) || type.equals(GLM) ? 1e-5 : 1e-6;
  }

  /** {@return whether the features do not depend on a tensor} */
  boolean isUnread(String name) {
    return name.matches(".*\\.(head\\..*|position_ids)")
        || (type.equals(LLAVA) && name.contains(".post_layernorm."));
  }

  private static List<Integer> tapped(ConfigReader vision) {
    return vision.has("deepstack_visual_indexes")
        ? vision.integers("deepstack_visual_indexes")
        : List.of(8, 16, 24);
  }

  /** Returns the tensors of Qwen 2-VL and 2.5-VL. */
  private static List<TensorName> qwenNames(String... mlp) {
    List<TensorName> names =
        new ArrayList<>(
            modules(
                "model.visual.",
                "patch_embed.proj = v.patch_embd",
                "merger.ln_q = v.post_ln",
                "merger.mlp.0 = mm.0",
                "merger.mlp.2 = mm.2",
                "blocks.{}.norm1 = v.blk.{}.ln1",
                "blocks.{}.norm2 = v.blk.{}.ln2",
                "blocks.{}.attn.proj = v.blk.{}.attn_out"));
    names.add(secondFrame());
    List<String> parts = List.of("attn_q", "attn_k", "attn_v");
    for (int i = 0; i < parts.size(); i++) {
      names.add(
          TensorName.of(
              "model.visual.blocks.{}.attn.qkv",
              "v.blk.{}." + parts.get(i),
              Layout.SAME.with(RowOrder.part(i, parts.size()))));
    }
    for (String line : mlp) {
      names.addAll(modules("model.visual.", "blocks.{}." + line.replace("= ", "= v.blk.{}.")));
    }
    return names;
  }

  /** Returns the entry of the second frame of a patch, which has a separate tensor. */
  private static TensorName secondFrame() {
    return TensorName.tensor(
        "model.visual.patch_embed.proj.weight", "v.patch_embd.weight.1", Layout.SAME);
  }

  private static List<TensorName> siglip(String root, TensorName... projector) {
    List<TensorName> layers =
        modules(
            root,
            "embeddings.patch_embedding = v.patch_embd",
            "embeddings.position_embedding = v.position_embd",
            "post_layernorm = v.post_ln",
            "encoder.layers.{}.layer_norm1 = v.blk.{}.ln1",
            "encoder.layers.{}.layer_norm2 = v.blk.{}.ln2",
            "encoder.layers.{}.self_attn.q_proj = v.blk.{}.attn_q",
            "encoder.layers.{}.self_attn.k_proj = v.blk.{}.attn_k",
            "encoder.layers.{}.self_attn.v_proj = v.blk.{}.attn_v",
            "encoder.layers.{}.self_attn.out_proj = v.blk.{}.attn_out",
            "encoder.layers.{}.mlp.fc1 = v.blk.{}.ffn_up",
            "encoder.layers.{}.mlp.fc2 = v.blk.{}.ffn_down");
    return Stream.concat(layers.stream(), Stream.of(projector)).toList();
  }

  private static List<TensorName> modules(String root, String... lines) {
    return Stream.of(lines)
        .map(line -> line.split(" = ", 2))
        .map(names -> TensorName.of(root + names[0], names[1]))
        .toList();
  }

  /**
   * Returns a stored tensor's name with "model." and the tower's own path in front, as Transformers
   * 4 and 5 may leave them out; empty for a tensor of the text model.
   */
  Optional<String> canonical(String stored) {
    String name = stored.startsWith("model.") ? stored : "model." + stored;
    String short5 = root.replace(".vision_model.", ".");
    if (!short5.equals("model.") && name.startsWith(short5) && !name.startsWith(root)) {
      return Optional.of(root + name.substring(short5.length()));
    }
    return Optional.of(name).filter(own -> own.startsWith(root) || own.startsWith(projector));
  }
}
