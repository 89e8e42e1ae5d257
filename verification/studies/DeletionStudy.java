import com.sun.management.OperatingSystemMXBean;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.provenance.FileHash;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.train.Interval;
import io.adapt4j.lora.Lora;
import io.adapt4j.upkeep.deletion.Deletion;
import io.adapt4j.upkeep.deletion.DeletionReport;
import io.adapt4j.upkeep.deletion.Shards;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Measures deletion: random rows of clinc150 leave a LoRA of stories260K, each compared by SHA-256
 * with the run in which it was masked from the start, and ten customers and then as many random
 * rows leave adapters by shards. Times are CPU times of this process, with the deletion's plan and
 * report. A tenth of the rows is for validation, which no best checkpoint depends on.
 *
 * <p>{@code OMP_NUM_THREADS=1 java @verification/target/java.args
 * verification/studies/DeletionStudy.java [SHARED_DATA [ROWS [DELETIONS [SHARDS]]]]}: run it from
 * the root of the repository.
 */
public final class DeletionStudy {

  private static final long SEED = 38;

  /** Steps between saved states. */
  private static final int SAVED = 3;

  private static final int EVALUATED = 25;

  private static final int CUSTOMERS = 400;
  private static final int DELETED_CUSTOMERS = 10;

  private final Path model;
  private final Path work;

  private DeletionStudy(Path model, Path work) {
    this.model = model;
    this.work = work;
  }

  /** Runs the study. */
  public static void main(String[] arguments) throws Exception {
    Path shared =
        Path.of(arguments.length > 0 ? arguments[0] : "../shared/data").toRealPath();
    int rows = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 1000;
    int deletions = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 50;
    int shards = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 40;
    Path work = Files.createTempDirectory("deletion");
    DeletionStudy study = new DeletionStudy(shared.resolve("stories260K"), work);
    Dataset data = questions(shared.resolve("clinc150/train.jsonl"), rows);
    study.rows(data, deletions);
    study.shards(questions(shared.resolve("clinc150/train.jsonl"), 4 * rows), shards, deletions);
  }

  /** Returns random questions with their intents, and a customer for each. */
  private static Dataset questions(Path file, int count) {
    Dataset all = Datasets.read(file).map("text", "prompt").map("intent", "completion").open();
    int[] chosen = new Random(SEED).ints(0, all.size()).distinct().limit(count).toArray();
    List<Example> rows = new ArrayList<>();
    for (int row : chosen) {
      Example.PromptCompletion pair = (Example.PromptCompletion) all.get(row);
      rows.add(new Example.PromptCompletion(pair.prompt() + " =", " " + pair.completion()));
    }
    return Datasets.of(rows)
        .withField(
            "customer", IntStream.range(0, count).mapToObj(i -> "c" + i % CUSTOMERS).toList());
  }

  private FineTuner.Builder tuner(Path data, Path output, int epochs) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .dataset(Datasets.jsonl(data).split(0.9, 0.1, 0, SEED))
        .evaluateEvery(Interval.steps(EVALUATED))
        .method(Lora.rank(8).dropout(0.05))
        .learningRate(1e-3)
        .epochs(epochs)
        .batchSize(8)
        .saveEvery(Interval.steps(SAVED))
        .saveLimit(1000)
        .output(output);
  }

  private void rows(Dataset data, int deletions) throws Exception {
    Path file = work.resolve("rows.jsonl");
    Datasets.write(data, file, "customer");
    Path run = work.resolve("run");
    tuner(file, run, 1).build().run();
    warmUp(file, run);
    Path longer = work.resolve("longer");
    tuner(file, longer, 3).build().run();
    int learned = Datasets.jsonl(file).split(0.9, 0.1, 0, SEED).train().size();
    int[] chosen = new Random(SEED + 1).ints(0, learned).distinct().limit(deletions).toArray();
    double[] shares = new double[deletions];
    double[] briefly = new double[deletions];
    double[] steps = new double[deletions];
    double[] longerSteps = new double[deletions];
    int equal = 0;
    for (int i = 0; i < deletions; i++) {
      int row = chosen[i];
      long begun = cpu();
      DeletionReport report = Deletion.of(run).rows(row).run(work.resolve("without-" + i));
      long deleted = cpu();
      DeletionReport brief =
          Deletion.of(run)
              .rows(row)
              .saveEvery(Interval.EPOCH)
              .run(work.resolve("briefly-without-" + i));
      long brieflyDeleted = cpu();
      FineTuneReport masked =
          tuner(file, work.resolve("masked-" + i), 1)
              .maskedRows(List.of(MaskedRow.of(row)))
              .build()
              .run();
      long retrained = cpu();
      boolean same =
          hash(report.last()).equals(hash(masked.last()))
              && hash(brief.last()).equals(hash(masked.last()));
      equal += same ? 1 : 0;
      shares[i] = (double) (deleted - begun) / (retrained - brieflyDeleted);
      briefly[i] = (double) (brieflyDeleted - deleted) / (retrained - brieflyDeleted);
      steps[i] = report.plan().timeShare();
      longerSteps[i] = Deletion.of(longer).rows(row).plan().timeShare();
      System.out.printf(
          "row %4d: first used at step %3d of %d, from state %3d, %.2f s and %.2f s: %.3f, %.3f, %s%n",
          row,
          report.plan().firstStep().orElse(0),
          report.plan().totalSteps(),
          report.plan().startStep(),
          (deleted - begun) / 1e9,
          (retrained - brieflyDeleted) / 1e9,
          shares[i],
          briefly[i],
          same ? "equal" : "DIFFERENT");
    }
    System.out.printf("%d of %d adapters equal by SHA-256%n", equal, deletions);
    print("CPU time of a deletion / of training again", shares);
    print("the same, saving no state but the last", briefly);
    print("steps, one epoch", steps);
    print("steps, three epochs", longerSteps);
  }

  /** Deletes and trains again once, so that both are compiled when they are measured. */
  private void warmUp(Path file, Path run) {
    Deletion.of(run).rows(0).run(work.resolve("warm-without"));
    tuner(file, work.resolve("warm-masked"), 1).maskedRows(List.of(MaskedRow.of(0))).build().run();
  }

  private static void print(String what, double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    double median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    System.out.printf(
        "%s: median %.3f, quartiles %.3f and %.3f, largest %.3f%n",
        what, median, sorted[n / 4], sorted[n - 1 - n / 4], sorted[n - 1]);
  }

  private void shards(Dataset data, int count, int deletions) throws Exception {
    Shards shards = Shards.of(count);
    SortedMap<Integer, Path> files = shards.write(data, "customer", work.resolve("shards"));
    Map<Integer, Path> adapters = new TreeMap<>();
    long begun = cpu();
    for (Map.Entry<Integer, Path> file : files.entrySet()) {
      Path output = work.resolve("shard-" + file.getKey());
      adapters.put(file.getKey(), shard(file.getValue(), output).build().run().last());
    }
    long trained = cpu();
    rowsOfShards(files, deletions, trained - begun);
    Map<Integer, List<String>> leaving = new TreeMap<>();
    new Random(SEED + 2)
        .ints(0, Math.min(CUSTOMERS, data.size()))
        .distinct()
        .limit(DELETED_CUSTOMERS)
        .mapToObj(customer -> "c" + customer)
        .forEach(
            customer ->
                leaving
                    .computeIfAbsent(shards.shard(customer), shard -> new ArrayList<>())
                    .add(customer));
    long before = cpu();
    leaving.forEach(
        (shard, customers) -> {
          Deletion deletion = Deletion.of(work.resolve("shard-" + shard));
          customers.forEach(customer -> deletion.where("customer", customer));
          adapters.put(shard, deletion.run(work.resolve("shard-" + shard + "-without")).last());
        });
    long after = cpu();
    Map<Path, Integer> sizes = new TreeMap<>();
    adapters.forEach(
        (shard, adapter) -> sizes.put(adapter, Datasets.jsonl(files.get(shard)).size()));
    Shards.merge(sizes, work.resolve("merged"));
    System.out.printf(
        "%d customers in %s of %d shards: %.2f s of %.2f s CPU for all shards, %.3f%n",
        DELETED_CUSTOMERS,
        new TreeSet<>(leaving.keySet()),
        files.size(),
        (after - before) / 1e9,
        (trained - begun) / 1e9,
        (double) (after - before) / (trained - begun));
  }

  private FineTuner.Builder shard(Path file, Path output) {
    return tuner(file, output, 1).dataset(Datasets.jsonl(file));
  }

  /** Deletes random rows, each from the adapter of its shard. */
  private void rowsOfShards(SortedMap<Integer, Path> files, int deletions, long trained)
      throws Exception {
    List<Map.Entry<Integer, Integer>> all = new ArrayList<>();
    files.forEach(
        (shard, file) ->
            IntStream.range(0, Datasets.jsonl(file).size())
                .forEach(row -> all.add(Map.entry(shard, row))));
    int[] chosen = new Random(SEED + 3).ints(0, all.size()).distinct().limit(deletions).toArray();
    double[] shares = new double[deletions];
    int equal = 0;
    for (int i = 0; i < deletions; i++) {
      int shard = all.get(chosen[i]).getKey();
      int row = all.get(chosen[i]).getValue();
      long begun = cpu();
      DeletionReport report =
          Deletion.of(work.resolve("shard-" + shard))
              .rows(row)
              .run(work.resolve("shard-without-" + i));
      shares[i] = (double) (cpu() - begun) / trained;
      FineTuneReport masked =
          shard(files.get(shard), work.resolve("shard-masked-" + i))
              .maskedRows(List.of(MaskedRow.of(row)))
              .build()
              .run();
      equal += hash(report.last()).equals(hash(masked.last())) ? 1 : 0;
    }
    System.out.printf("by shards, %d of %d adapters equal by SHA-256%n", equal, deletions);
    print("CPU time of a deletion from its shard / of training all shards again", shares);
  }

  private static String hash(Path checkpoint) {
    return FileHash.of(checkpoint.resolve("adapter_model.safetensors"))
        + FileHash.of(checkpoint.resolve("adapter_config.json"));
  }

  private static long cpu() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
