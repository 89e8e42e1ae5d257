package io.adapt4j.benchmarks.inference;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.MatmulCeiling;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.ReadBandwidth;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Samples;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.harness.Turns;
import io.adapt4j.benchmarks.models.Decoding;
import io.adapt4j.benchmarks.models.PictureShape;
import io.adapt4j.benchmarks.models.TorchPictures;
import io.adapt4j.core.ModelPrompts;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.chat.PictureTokens;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.vision.Picture;
import io.adapt4j.vision.VisionLanguageModel;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.processor.PictureProcessor;
import io.adapt4j.vision.internal.processor.PictureProcessors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * A question about a picture with a model of SmolVLM-256M's shape: the picture's tiles through the
 * tower, the prompt, and decoding.
 */
@InSuite(
    quick = "--tokens 8 --repetitions 2",
    full = {"", "--precision fp32"})
public final class PictureBenchmark {

  private static final String OPTIONS =
      "--precision bf16 --tokens 64 --repetitions 5 --threads 0 --python --model "
          + "--base vision/src/test/resources/models/idefics3";
  private static final int WIDTH = 1024;
  private static final int HEIGHT = 768;
  private static final double TARGET = 1.5;
  private static final String MODEL = "--model";
  private static final String PICTURES = "pictures";
  private static final String PROMPT = "prompt";
  private static final String WHOLE = "whole";

  private final Arguments arguments;
  private final GenerationOptions all;
  private final boolean bf16;

  private PictureBenchmark(Arguments arguments) {
    this.arguments = arguments;
    this.all = Decoding.greedy(arguments.number("--tokens", 2));
    this.bf16 = arguments.oneOf("--precision", Set.of("bf16", "fp32")).equals("bf16");
  }

  /**
   * Options: {@code --precision bf16|fp32}, {@code --tokens}, {@code --repetitions}, {@code
   * --threads} (0: the engine's choice), {@code --python} a Python with PyTorch, which then
   * alternates with the same weights, pixels and prompt, {@code --base} a folder with the family's
   * tokenizer, {@code --model} a written model, to answer about two pictures and print the peak
   * memory.
   */
  public static void main(String[] line) throws IOException {
    Arguments arguments = Arguments.parse(line, OPTIONS).useThreads();
    PictureBenchmark benchmark = new PictureBenchmark(arguments);
    if (arguments.text(MODEL).isEmpty()) {
      benchmark.run();
    } else {
      benchmark.answerOnce();
    }
  }

  private static Picture picture(int seed) {
    byte[] rgb = new byte[3 * WIDTH * HEIGHT];
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3 % WIDTH / 4 + random.nextInt(16));
    }
    return Picture.ofRgb(WIDTH, HEIGHT, rgb);
  }

  private void run() throws IOException {
    MatmulCeiling ceiling = new MatmulCeiling(bf16 ? DType.BF16 : DType.F32);
    ReadBandwidth bandwidth = new ReadBandwidth();
    ceiling.measure();
    bandwidth.measure();
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      PictureShape.write(folder.path(), Path.of(arguments.text("--base")));
      OwnProcess alone =
          OwnProcess.run(PictureBenchmark.class, arguments.with(MODEL, folder.path()));
      try (VisionLanguageModel model = load(folder.path())) {
        measure(model, folder.path(), alone.peak(), ceiling, bandwidth);
      }
    }
  }

  private VisionLanguageModel load(Path folder) {
    VisionLanguageModel model =
        VisionLanguageModel.load(
            ModelSource.path(folder),
            WeightFormat.asStored(),
            bf16 ? Precision.BF16 : Precision.FP32);
    model.languageModel().limitPromptCache(0);
    model.limitPictures(0);
    return model;
  }

  /** Answers alone, for the memory that it takes. */
  private void answerOnce() {
    try (VisionLanguageModel model = load(Path.of(arguments.text(MODEL)))) {
      for (int seed = 0; seed < 2; seed++) {
        try (VisionLanguageModel.Prompt prompt = read(model, picture(seed))) {
          answer(model, prompt.prepared(), all);
        }
      }
    }
    OwnProcess.printPeak();
  }

  private VisionLanguageModel.Prompt read(VisionLanguageModel model, Picture picture) {
    ChatMessage asked =
        ChatMessage.of(
            Map.of(
                "role",
                "user",
                "content",
                List.of(
                    Map.of("type", "image"),
                    Map.of("type", "text", "text", "What does it show?"))));
    return model.prompt(
        List.of(asked), List.of(picture), ChatOptions.defaults(), all, new CancellationToken());
  }

  private static int[] answer(
      VisionLanguageModel model, ModelPrompts.Prepared prompt, GenerationOptions options) {
    return model
        .languageModel()
        .generate(prompt.tokenIds(), options, text -> {}, new CancellationToken())
        .tokenIds()
        .stream()
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private void measure(
      VisionLanguageModel model,
      Path folder,
      double peak,
      MatmulCeiling ceiling,
      ReadBandwidth bandwidth)
      throws IOException {
    Picture picture = picture(0);
    PictureProcessor processor = PictureProcessors.open(folder);
    List<Pixels> decoded = List.of(new Pixels(WIDTH, HEIGHT, 3, picture.rgb()));
    try (VisionLanguageModel.Prompt prompt = read(model, picture);
        TorchPictures torch =
            arguments.text("--python").isEmpty()
                ? null
                : new TorchPictures(
                    arguments.text("--python"),
                    folder,
                    bf16 ? "bfloat16" : "float32",
                    arguments.number("--threads", 0),
                    processor.pixels(decoded).values(),
                    marked(prompt.prepared().tokenIds()))) {
      Turns turns = new Turns(1, arguments.number("--repetitions", 1));
      ours(turns, model, prompt.prepared());
      turns.time("processor", () -> processor.pixels(decoded));
      if (torch != null) {
        for (String part : List.of(PICTURES, PROMPT, WHOLE)) {
          String request = part.equals(WHOLE) ? "decode " + arguments.text("--tokens") : part;
          turns.add("torch " + part, round -> torch.number(request));
        }
      }
      turns.run();
      ceiling.measure();
      bandwidth.measure();
      int[] answer = answer(model, prompt.prepared(), all);
      report(turns, prompt.prepared().tokenIds(), answer, peak, torch, ceiling, bandwidth);
    }
  }

  /** Ids with -1 for each row of a picture. */
  private static int[] marked(int[] ids) {
    return Arrays.stream(ids).map(id -> id >= PictureTokens.FIRST ? -1 : id).toArray();
  }

  private void ours(Turns turns, VisionLanguageModel model, ModelPrompts.Prepared prompt) {
    turns.add(
        PICTURES,
        round -> {
          // A picture that was read before would be found.
          Picture other = picture(round + 100);
          return Timing.seconds(() -> read(model, other).close());
        });
    turns.time(PROMPT, () -> answer(model, prompt, Decoding.greedy(1)));
    turns.time(WHOLE, () -> answer(model, prompt, all));
  }

  private void report(
      Turns turns,
      int[] ids,
      int[] answer,
      double peak,
      TorchPictures torch,
      MatmulCeiling ceiling,
      ReadBandwidth bandwidth) {
    Report report = new Report("A question about a picture, SmolVLM-256M's shape, random weights");
    report.line(
        "setting",
        "%s, %d x %d pixels, prompt of %d tokens (%d of the picture), %d new ones",
        arguments.text("--precision"),
        WIDTH,
        HEIGHT,
        ids.length,
        Arrays.stream(marked(ids)).filter(id -> id < 0).count(),
        answer.length);
    report.line("matmul", "%.0f GFLOP/s", ceiling.flops() / 1e9);
    report.line("memory reads", "%.1f GB/s", bandwidth.best() / 1e9);
    report.figure(seconds(turns, PICTURES).smaller("picture to features", "ms"));
    report.figure(seconds(turns, "processor").smaller("of it the pixels", "ms"));
    report.figure(seconds(turns, PROMPT).smaller("prompt", "ms"));
    report.figure(rates(turns, "").larger("decoding", "tokens/s"));
    report.figure(Measurement.smaller("peak resident", "GB", peak / 1e9));
    if (torch == null) {
      report.line("PyTorch", "not measured: name a Python that has it with --python");
    } else {
      beside(report, turns, answer, peak, torch);
    }
    report.print();
  }

  private void beside(Report report, Turns turns, int[] answer, double peak, TorchPictures torch) {
    report.line("beside", "%s", torch.peer().name() + " " + torch.peer().version());
    report.figure(seconds(turns, "torch " + PICTURES).smaller("its features from pixels", "ms"));
    report.figure(seconds(turns, "torch " + PROMPT).smaller("its prompt", "ms"));
    report.figure(rates(turns, "torch ").larger("its decoding", "tokens/s"));
    double theirPeak = torch.number("peak");
    report.figure(Measurement.smaller("its peak resident", "GB", theirPeak / 1e9));
    for (String part : List.of(PICTURES, PROMPT)) {
      report.figure(
          turns.ratio("torch " + part, part).largerRatio(part + ", times as fast").target(TARGET));
    }
    report.figure(rates(turns, "").over(rates(turns, "torch ")).label("").target(TARGET));
    report.figure(Measurement.smallerRatio("share of its memory", peak / theirPeak));
    int[] theirs = torch.ids();
    int equal = Arrays.mismatch(answer, theirs);
    report.line(
        "tokens", "the first %d of %d equal", equal < 0 ? answer.length : equal, answer.length);
  }

  private static Samples seconds(Turns turns, String part) {
    return turns.of(part).map(seconds -> seconds * 1e3);
  }

  /** Tokens a second after the first. */
  private Samples rates(Turns turns, String of) {
    double prompt = turns.of(of + PROMPT).median();
    int tokens = arguments.number("--tokens", 2);
    return turns.of(of + WHOLE).map(seconds -> (tokens - 1) / (seconds - prompt));
  }
}
