import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.train.LearningRateSchedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Trains a GPT-NeoX of 316,000 parameters from random weights on children's stories, for {@code
 * Forgetting}: a model of another family than those at hand, with the tokenizer of {@code
 * stories260K}. Its loss on held-out stories is 2.60, of random weights 6.26.
 *
 * <p>{@code java @verification/target/java.args verification/studies/SmallNeoX.java STORIES FOLDER
 * [EPOCHS]}: run it from the root of the repository. The stories are JSON lines with {@code text}.
 */
public final class SmallNeoX {

  private static final String CONFIG =
      """
      {"model_type": "gpt_neox", "architectures": ["GPTNeoXForCausalLM"], "dtype": "float32",
       "vocab_size": 512, "hidden_size": 64, "intermediate_size": 256, "num_hidden_layers": 5,
       "num_attention_heads": 4, "hidden_act": "gelu", "max_position_embeddings": 512,
       "rotary_pct": 0.25, "rotary_emb_base": 10000, "layer_norm_eps": 1e-5,
       "use_parallel_residual": true, "attention_bias": true, "tie_word_embeddings": false,
       "bos_token_id": 1, "eos_token_id": 2}
      """;

  private static final Path TOKENIZER = Path.of("examples/models/stories260K");
  private static final int CHARACTERS = 600;

  private SmallNeoX() {}

  /**
   * Trains the model.
   *
   * @param args stories, the model's folder and the number of epochs, 3 by default
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[1]);
    Path random = folder.resolveSibling(folder.getFileName() + "-random");
    Files.createDirectories(random);
    Files.writeString(random.resolve("config.json"), CONFIG);
    ModelConfig config = ModelConfig.read(random);
    try (Decoder decoder = Architectures.declareDecoder(config)) {
      decoder.allocate(DType.F32);
      Weights.randomize(decoder, 7);
      CheckpointFolder.write(random, TOKENIZER, config, Weights.tensors(decoder, StoredType.F32));
    }
    FineTuneReport report =
        FineTuner.builder()
            .model(ModelSource.path(random))
            .dataset(pieces(Path.of(args[0])))
            .method(FullFineTuning.create())
            .precision(Precision.FP32)
            .epochs(args.length > 2 ? Integer.parseInt(args[2]) : 3)
            .batchSize(8)
            .maxLength(320)
            .learningRate(3e-3)
            .schedule(LearningRateSchedule.COSINE)
            .saveLimit(0)
            .seed(1)
            .output(folder.resolveSibling(folder.getFileName() + "-run"))
            .overwriteOutput()
            .build()
            .run();
    Files.createDirectories(folder);
    try (Stream<Path> files = Files.list(report.last())) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  /** Returns the stories in pieces of a few hundred characters. */
  private static Dataset pieces(Path stories) {
    List<Example> pieces = new ArrayList<>();
    for (String text : texts(stories)) {
      for (int at = 0; at < text.length(); at += CHARACTERS) {
        pieces.add(new Example.Text(text.substring(at, Math.min(text.length(), at + CHARACTERS))));
      }
    }
    return Datasets.of(pieces);
  }

  private static List<String> texts(Path file) {
    Dataset rows = Datasets.jsonl(file);
    return IntStream.range(0, rows.size())
        .mapToObj(row -> ((Example.Text) rows.get(row)).text())
        .toList();
  }
}
