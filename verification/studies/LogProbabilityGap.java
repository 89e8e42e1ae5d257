import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.task.rl.Policy;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.verification.internal.Networks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/**
 * Compares the log-probability that a token had when it was sampled with the one that training
 * computes, to the bit: over batches of 1 to 32, without an adapter, with one, and with requests of
 * several adapters side by side. Prints tokens compared, tokens equal to the bit, and the largest
 * difference; likewise sampling in a batch against sampling alone, and training in a batch against
 * training alone.
 *
 * <p>{@code java @verification/target/java.args verification/studies/LogProbabilityGap.java MODEL
 * [TOKENS [fp32|bf16 [ROUNDS]]]}: run it from the root of the repository. Each round draws other
 * completions; counts are of all rounds.
 */
public final class LogProbabilityGap {

  private static final List<Integer> BATCHES = List.of(1, 4, 32);
  private static final int MOST = 32;
  private static final String PROMPT = "Once upon a time, there was a ";
  private static final List<String> NAMES = List.of("girl", "boy", "dog", "big red ball", "tree");

  private final Path folder;
  private final int tokens;
  private final Precision precision;
  private final List<int[]> prompts;
  private final Map<String, Row> table = new LinkedHashMap<>();
  private int round;

  private LogProbabilityGap(Path folder, int tokens, Precision precision) {
    this.folder = folder;
    this.tokens = tokens;
    this.precision = precision;
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      this.prompts =
          IntStream.range(0, MOST)
              .mapToObj(i -> tokenizer.encodePrompt(PROMPT + NAMES.get(i % NAMES.size())))
              .toList();
    }
  }

  public static void main(String[] args) throws Exception {
    Path work = Files.createTempDirectory("adapt4j-gap");
    Precision precision =
        args.length > 2 && args[2].equals("bf16") ? Precision.BF16 : Precision.FP32;
    LogProbabilityGap gap =
        new LogProbabilityGap(
            Path.of(args[0]), args.length > 1 ? Integer.parseInt(args[1]) : 64, precision);
    int rounds = args.length > 3 ? Integer.parseInt(args[3]) : 1;
    System.out.printf(
        "%s, %s, %d tokens a completion, %d rounds%n", args[0], precision, gap.tokens, rounds);
    try {
      gap.run(work, rounds);
    } finally {
      Temporaries.deleteTree(work);
    }
  }

  /** A sampled completion with its log-probabilities. */
  private record Sampled(int[] prompt, int[] ids, float[] logProbs) {

    static Sampled of(int[] prompt, Generation generation) {
      float[] logProbs = new float[generation.logprobs().size()];
      for (int i = 0; i < logProbs.length; i++) {
        logProbs[i] = (float) generation.logprobs().get(i).logprob();
      }
      int[] ids = generation.tokenIds().stream().mapToInt(Integer::intValue).toArray();
      return new Sampled(prompt, ids, logProbs);
    }
  }

  private void run(Path work, int rounds) {
    LoraAdapter first = adapter(work.resolve("first"), 1);
    LoraAdapter second = adapter(work.resolve("second"), 2);
    try (LanguageModel model = LanguageModel.load(ModelSource.path(folder), precision)) {
      model.addAdapter("first", first);
      model.addAdapter("second", second);
      model.useAdapters();
      List<LanguageModel> views =
          List.of(model, model.withAdapter("first"), model.withAdapter("second"));
      for (round = 0; round < rounds; round++) {
        compare(views, first);
      }
    }
    System.out.println("| what, batch | tokens | equal | largest difference |");
    System.out.println("| --- | --- | --- | --- |");
    table.forEach((what, row) -> System.out.println("| " + what + row));
  }

  private void compare(List<LanguageModel> views, LoraAdapter first) {
    List<List<Sampled>> all = new ArrayList<>();
    for (LanguageModel view : views) {
      all.add(sampled(List.of(view), 1));
    }
    String[] names = {"plain", "LoRA"};
    for (int batch : BATCHES) {
      for (int i = 0; i < names.length; i++) {
        List<Sampled> joined = sampled(List.of(views.get(i)), batch);
        sampling(names[i], batch, joined, all.get(i));
        try (Training training = new Training(i == 0 ? Optional.empty() : Optional.of(first))) {
          row(names[i] + ": sampling, training", batch, joined, training.scores(joined, batch));
          List<float[]> alone = training.scores(joined, 1);
          List<float[]> together = training.scores(joined, batch);
          row(names[i] + ": training, training alone", batch, together, alone);
          row(
              names[i] + ": training, its gradient",
              batch,
              together,
              training.steps(joined, batch));
        }
      }
      List<Sampled> mixed = sampled(views, batch);
      for (int i = 0; i < views.size(); i++) {
        List<Sampled> own = every(mixed, i, views.size());
        List<Sampled> alone = every(all.get(i), i, views.size());
        sampling("mixed adapters, number " + i, batch, own, alone);
      }
    }
  }

  private static List<Sampled> every(List<Sampled> all, int from, int step) {
    List<Sampled> some = new ArrayList<>();
    for (int i = from; i < all.size(); i += step) {
      some.add(all.get(i));
    }
    return some;
  }

  private LoraAdapter adapter(Path output, long seed) {
    return LoraAdapter.at(
        FineTuner.builder()
            .model(ModelSource.path(folder))
            .task(Task.nextTokens())
            .dataset(
                Datasets.of(
                    List.<Example>of(
                        new Example.Text("A dog saw a cat."), new Example.Text("It was red."))))
            .method(Lora.rank(8))
            .batchSize(2)
            .epochs(5)
            .learningRate(1e-2)
            .seed(seed)
            .output(output)
            .build()
            .run()
            .last());
  }

  /** Samples every prompt, as many at the same time as a batch has, prompt i from view i modulo. */
  private List<Sampled> sampled(List<LanguageModel> views, int batch) {
    ExecutorService threads = Executors.newFixedThreadPool(batch);
    try {
      List<CompletableFuture<Sampled>> running = new ArrayList<>();
      for (int i = 0; i < prompts.size(); i++) {
        int[] prompt = prompts.get(i);
        LanguageModel view = views.get(i % views.size());
        GenerationOptions options =
            GenerationOptions.builder()
                .maxNewTokens(tokens)
                .temperature(1)
                .seed(1000 + MOST * round + i)
                .ignoreEos(true)
                .logprobs(0)
                .build();
        running.add(
            CompletableFuture.supplyAsync(
                () ->
                    Sampled.of(
                        prompt,
                        view.generate(prompt, options, piece -> {}, new CancellationToken())),
                threads));
      }
      return running.stream().map(CompletableFuture::join).toList();
    } finally {
      threads.shutdown();
    }
  }

  /** Training's path over a copy of the model. */
  private final class Training implements AutoCloseable {
    private final Decoder decoder;
    private final Optional<AttachedAdapter> adapter;
    private final Policy policy;

    Training(Optional<LoraAdapter> adapter) {
      decoder =
          (Decoder) Networks.load(folder, precision == Precision.BF16 ? DType.BF16 : DType.F32);
      this.adapter = adapter.map(own -> AdapterMechanics.of(own).attach(decoder));
      policy = new Policy(decoder, Optional.empty(), 1);
    }

    List<float[]> scores(List<Sampled> all, int batch) {
      return split(all, batch, rows -> policy.evaluate(rows).logProbs());
    }

    List<float[]> steps(List<Sampled> all, int batch) {
      return split(
          all,
          batch,
          rows -> {
            float[][] found = new float[1][];
            policy.forwardBackward(
                rows,
                1,
                false,
                0,
                scores -> {
                  found[0] = scores.logProbs();
                  float[] zero = new float[found[0].length];
                  return new Policy.Gradient(zero, new float[0], new float[0]);
                });
            return found[0];
          });
    }

    private List<float[]> split(
        List<Sampled> all, int batch, java.util.function.Function<Batch, float[]> scoring) {
      List<float[]> split = new ArrayList<>();
      for (int from = 0; from < all.size(); from += batch) {
        List<Sampled> part = all.subList(from, Math.min(all.size(), from + batch));
        float[] scores = scoring.apply(batch(part));
        int at = 0;
        for (Sampled sampled : part) {
          split.add(Arrays.copyOfRange(scores, at, at + sampled.ids().length));
          at += sampled.ids().length;
        }
      }
      return split;
    }

    @Override
    public void close() {
      adapter.ifPresent(AttachedAdapter::close);
      decoder.close();
    }
  }

  private static Batch batch(List<Sampled> rows) {
    int length =
        rows.stream().mapToInt(row -> row.prompt().length + row.ids().length).max().orElse(0);
    long[] ids = new long[rows.size() * length];
    long[] mask = new long[ids.length];
    long[] labels = new long[ids.length];
    Arrays.fill(labels, TargetRows.IGNORED);
    for (int r = 0; r < rows.size(); r++) {
      int at = r * length;
      for (int id : rows.get(r).prompt()) {
        mask[at] = 1;
        ids[at++] = id;
      }
      for (int id : rows.get(r).ids()) {
        mask[at] = 1;
        labels[at] = id;
        ids[at++] = id;
      }
    }
    return new Batch(ids, mask, labels, rows.size(), length);
  }

  private void sampling(String what, int batch, List<Sampled> joined, List<Sampled> alone) {
    for (int i = 0; i < joined.size(); i++) {
      if (!Arrays.equals(joined.get(i).ids(), alone.get(i).ids())) {
        System.out.println("  " + what + ", batch " + batch + ": completion " + i + " differs");
      }
    }
    row(
        what + ": sampling, sampling alone",
        batch,
        joined,
        alone.stream().map(Sampled::logProbs).toList());
  }

  private void row(String what, int batch, List<?> one, List<float[]> other) {
    Row row = table.computeIfAbsent(what + ", " + batch, key -> new Row());
    for (int i = 0; i < one.size(); i++) {
      float[] a = one.get(i) instanceof Sampled sampled ? sampled.logProbs() : (float[]) one.get(i);
      float[] b = other.get(i);
      for (int t = 0; t < Math.min(a.length, b.length); t++) {
        row.add(a[t], b[t]);
      }
    }
  }

  /** Counts of one row of the table. */
  private static final class Row {
    private long count;
    private long equal;
    private double largest;

    void add(float a, float b) {
      count++;
      equal += Float.floatToIntBits(a) == Float.floatToIntBits(b) ? 1 : 0;
      largest = Math.max(largest, Math.abs((double) a - b));
    }

    @Override
    public String toString() {
      return String.format(Locale.ROOT, " | %,d | %,d | %.2g |", count, equal, largest);
    }
  }
}
