package io.adapt4j.verification.golden.vision;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Tolerances;
import io.adapt4j.vision.internal.PixelBatch;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.processor.PictureProcessors;
import io.adapt4j.vision.internal.tower.ContrastiveModel;
import io.adapt4j.vision.internal.tower.ContrastiveModels;
import io.adapt4j.vision.internal.tower.PictureClassifier;
import io.adapt4j.vision.internal.tower.PictureClassifiers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Checks embedders of pictures and texts, and classifiers of pictures, from their files on. */
public final class PictureModelCheck {

  /** Folders of embedders. */
  public static final Kind EMBEDDERS =
      kind(
          "embedders of pictures",
          "embed",
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
          "classif",
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

  private final GoldenFolder golden;
  private final JsonNode cases;
  private final PictureFiles files;

  private PictureModelCheck(GoldenFolder golden) {
    this.golden = golden;
    this.cases = GoldenFolder.json(golden.path(), GoldenSource.CASES);
    this.files = new PictureFiles(golden);
  }

  private static Kind kind(String name, String part, Kind.FolderCheck check) {
    return new Kind(
        name,
        source -> source.kind().startsWith("image") && source.kind().contains(part),
        (source, section) -> {
          try (GoldenFolder golden = GoldenFolder.open(source.path(), section)) {
            check.run(golden);
          }
        });
  }

  private PixelBatch pixels(String prefix, JsonNode stated) throws IOException {
    List<Pixels> pictures = new ArrayList<>();
    for (JsonNode file : stated.path("image_order")) {
      pictures.add(files.read(file));
    }
    PixelBatch batch = PictureProcessors.open(golden.path()).pixels(pictures);
    files.compare(prefix, stated, batch, new int[] {pictures.size()});
    return batch;
  }

  private void embedder(ContrastiveModel model, Tokenizer tokenizer) throws IOException {
    PixelBatch batch = pixels("", cases);
    List<String> texts = new ArrayList<>();
    cases.path("texts").forEach(text -> texts.add(text.asText()));
    List<int[]> ids = tokenizer.encodeAllTruncated(texts, model.maxTokens());
    try (Scope scope = Scope.open()) {
      Ops ops = Ops.inference();
      Tensor pictures = model.pictures(ops, batch);
      Tensor ofTexts = model.texts(ops, ids, tokenizer.paddingId());
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
      compare("probabilities", probabilities, Tolerances.FP32);
    }
  }

  private void classifier(PictureClassifier model) throws IOException {
    try (Scope scope = Scope.open()) {
      compare(
          "logits", model.logits(Ops.inference(), pixels("", cases)).toFloats(), Tolerances.FP32);
    }
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
