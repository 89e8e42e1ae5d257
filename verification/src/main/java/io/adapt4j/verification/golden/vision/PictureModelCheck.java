package io.adapt4j.verification.golden.vision;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Tolerances;
import io.adapt4j.verification.internal.UnsupportedQuantityException;
import io.adapt4j.vision.internal.PixelBatch;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.processor.PictureProcessor;
import io.adapt4j.vision.internal.processor.PictureProcessors;
import io.adapt4j.vision.internal.tower.ContrastiveModel;
import io.adapt4j.vision.internal.tower.ContrastiveModels;
import io.adapt4j.vision.internal.tower.PictureClassifier;
import io.adapt4j.vision.internal.tower.PictureClassifiers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** Checks embedders of pictures and texts, and classifiers of pictures, from their files on. */
public final class PictureModelCheck {

  /** Folders of embedders. */
  public static final Kind EMBEDDERS =
      kind(
          "embedders of pictures",
          source ->
              (source.kind().startsWith("image") && source.kind().contains("embed"))
                  || ContrastiveModels.modelTypes().contains(config(source, "model_type")),
          ContrastiveModels.modelTypes(),
          golden -> {
            try (ContrastiveModel model =
                    ContrastiveModels.declare(ModelConfig.read(golden.path()));
                Checkpoint checkpoint = Checkpoint.open(golden.path());
                Tokenizer tokenizer = Tokenizer.load(golden.path())) {
              model.load(checkpoint, DType.F32);
              new PictureModelCheck(golden).embedder(model, tokenizer);
            }
          });

  /** Folders of classifiers. */
  public static final Kind CLASSIFIERS =
      kind(
          "classifiers of pictures",
          source ->
              (source.kind().startsWith("image") && source.kind().contains("classif"))
                  || config(source, "architectures").endsWith("ForImageClassification\"]"),
          PictureClassifiers.modelTypes(),
          golden -> {
            try (PictureClassifier model =
                    PictureClassifiers.declare(ModelConfig.read(golden.path()));
                Checkpoint checkpoint = Checkpoint.open(golden.path())) {
              model.load(checkpoint, DType.F32);
              new PictureModelCheck(golden).classifier(model);
            }
          });

  /** Tolerance of vectors of length 1. */
  private static final double NORMALIZED = 1e-5;

  /** Prefix of tensors of pictures in another size. */
  private static final String OTHER = "other_size.";

  private final GoldenFolder golden;
  private final JsonNode cases;
  private final PictureFiles files;

  private PictureModelCheck(GoldenFolder golden) {
    this.golden = golden;
    this.cases = GoldenFolder.json(golden.path(), GoldenSource.CASES);
    this.files = new PictureFiles(golden);
  }

  private static String config(GoldenSource source, String field) {
    JsonNode value = source.file(ModelConfig.FILE).path(field);
    return value.isTextual() ? value.asText() : value.toString();
  }

  private static Kind kind(
      String name, Predicate<GoldenSource> matches, Set<String> families, Kind.FolderCheck check) {
    return new Kind(
        name,
        source ->
            source.has(GoldenFolder.JSON) && source.has(GoldenSource.CASES) && matches.test(source),
        (source, section) -> {
          String family = config(source, "model_type");
          if (!families.contains(family)) {
            throw new UnsupportedQuantityException(name + " of family " + family + " (model_type)");
          }
          try (GoldenFolder golden = GoldenFolder.open(source.path(), section)) {
            check.run(golden);
          }
        });
  }

  private PixelBatch pixels(String prefix, JsonNode stated, PictureProcessor processor)
      throws IOException {
    List<Pixels> pictures = new ArrayList<>();
    for (JsonNode file : stated.path("image_order")) {
      pictures.add(files.read(file));
    }
    return files.pixels(prefix, stated, processor, pictures, pictures.size());
  }

  private void embedder(ContrastiveModel model, Tokenizer tokenizer) throws IOException {
    PixelBatch batch = pixels("", cases, PictureProcessors.open(golden.path()));
    List<String> texts = new ArrayList<>();
    cases.path("texts").forEach(text -> texts.add(text.asText()));
    List<int[]> ids = tokenizer.encodeAllTruncated(texts, model.maxTokens());
    ids(ids, tokenizer.paddingId());
    try (Scope scope = Scope.open()) {
      Ops ops = Ops.inference();
      Tensor pictures = model.pictures(ops, batch);
      Tensor ofTexts = model.texts(ops, ids, tokenizer.paddingId());
      model
          .pictureStates(ops, batch)
          .ifPresent(
              states -> compare("vision_last_hidden_state", states.toFloats(), Tolerances.FP32));
      textStates(model.textStates(ops, ids, tokenizer.paddingId()));
      compare("image_features", pictures.toFloats(), Tolerances.FP32);
      compare("text_features", ofTexts.toFloats(), Tolerances.FP32);
      float[] left = ops.normalize(pictures).toFloats();
      float[] right = ops.normalize(ofTexts).toFloats();
      compare("image_embeds", left, NORMALIZED);
      compare("text_embeds", right, NORMALIZED);
      List<float[]> others = rows(right, model.dimension());
      List<double[]> logits =
          rows(left, model.dimension()).stream().map(row -> model.logits(row, others)).toList();
      float[] all = new float[logits.size() * others.size()];
      float[] probabilities = new float[all.length];
      for (int i = 0; i < logits.size(); i++) {
        float[] own = model.probabilities(logits.get(i));
        for (int k = 0; k < own.length; k++) {
          all[i * own.length + k] = (float) logits.get(i)[k];
          probabilities[i * own.length + k] = own[k];
        }
      }
      compare("logits_per_image", all, Tolerances.FP32);
      float[] turned = new float[all.length];
      for (int i = 0; i < all.length; i++) {
        turned[i % others.size() * logits.size() + i / others.size()] = all[i];
      }
      compare("logits_per_text", turned, Tolerances.FP32);
      compare("probabilities", probabilities, Tolerances.FP32);
      if (cases.has("contrastive_loss")) {
        int pairs = cases.path("contrastive_loss_rows").asInt();
        List<double[]> paired =
            logits.subList(0, pairs).stream().map(row -> Arrays.copyOf(row, pairs)).toList();
        double expected = cases.path("contrastive_loss").asDouble();
        double deviation = Math.abs(loss(model, paired) - expected);
        golden.compared("contrastive_loss", new Deviation(deviation, Tolerances.FP32));
      }
    }
  }

  /**
   * Returns the loss of pictures and texts that belong together in pairs: with a bias of logits the
   * sum over all texts (SigLIP, Zhai et al. 2023), else the mean of both directions (CLIP, Radford
   * et al. 2021).
   */
  private double loss(ContrastiveModel model, List<double[]> logits) {
    double sum = 0;
    for (int i = 0; i < logits.size(); i++) {
      int pair = i;
      double[] texts = logits.get(i);
      double[] pictures = logits.stream().mapToDouble(row -> row[pair]).toArray();
      if (cases.has("logit_bias")) {
        for (int k = 0; k < texts.length; k++) {
          sum += Math.log1p(Math.exp(k == i ? -texts[k] : texts[k]));
        }
      } else {
        sum -= Math.log(model.probabilities(texts)[i]) / 2;
        sum -= Math.log(model.probabilities(pictures)[i]) / 2;
      }
    }
    return sum / logits.size();
  }

  /** Compares the states of the texts' own tokens; the reference masks padding, if it says so. */
  private void textStates(Tensor states) {
    String name = "text_last_hidden_state";
    if (!golden.has(name)) {
      return;
    }
    float[] found = states.toFloats();
    if (golden.has("attention_mask")) {
      float[] wanted = golden.floats(name);
      long[] mask = golden.longs("attention_mask");
      int width = found.length / mask.length;
      for (int i = 0; i < mask.length; i++) {
        if (mask[i] == 0) {
          System.arraycopy(wanted, i * width, found, i * width, width);
        }
      }
    }
    golden.compared(name, found, Tolerances.FP32);
  }

  /** Compares token ids; the reference pads on the right. */
  private void ids(List<int[]> found, int padding) {
    if (!golden.has("input_ids")) {
      return;
    }
    int wrong = 0;
    int row = 0;
    for (int[] wanted : golden.rows("input_ids")) {
      int[] own = Arrays.copyOf(found.get(row), wanted.length);
      Arrays.fill(own, Math.min(found.get(row).length, own.length), own.length, padding);
      wrong += Arrays.equals(own, wanted) ? 0 : 1;
      row++;
    }
    golden.compared("input_ids", new Deviation(wrong, 0));
  }

  private void classifier(PictureClassifier model) throws IOException {
    PixelBatch batch = pixels("", cases, PictureProcessors.open(golden.path()));
    golden.attempt("logits", () -> logits(model, "", batch));
    if (golden.has(OTHER + "logits")) {
      golden.attempt(OTHER + "logits", () -> logits(model, OTHER, otherSize()));
    }
  }

  private void logits(PictureClassifier model, String prefix, PixelBatch batch) {
    try (Scope scope = Scope.open()) {
      compare(prefix + "logits", model.logits(Ops.inference(), batch).toFloats(), Tolerances.FP32);
    }
  }

  /** Returns the stored pixels of another size, to which positions are resized. */
  private PixelBatch otherSize() {
    String name = OTHER + "pixel_values";
    boolean normalized = golden.has(name);
    String stored = normalized ? name : name + "_uint8";
    if (!golden.has(stored)) {
      throw new UnsupportedQuantityException("another size without its pixels");
    }
    List<Integer> shape =
        golden.tensors().entry(stored).shape().stream().map(Math::toIntExact).toList();
    if (shape.size() != 4) {
      throw new UnsupportedQuantityException("another size with a part of its pixels");
    }
    float[] values = normalized ? golden.floats(stored) : files.normalized(stored, shape);
    int[] each = new int[shape.get(0)];
    Arrays.fill(each, 1);
    return new PixelBatch(values, shape, new int[0][], each, new byte[0]);
  }

  private void compare(String name, float[] found, double tolerance) {
    if (golden.has(name)) {
      golden.compared(name, found, tolerance);
    }
  }

  private static List<float[]> rows(float[] values, int width) {
    List<float[]> rows = new ArrayList<>();
    for (int at = 0; at < values.length; at += width) {
      rows.add(Arrays.copyOfRange(values, at, at + width));
    }
    return rows;
  }
}
