package io.adapt4j.gguf.internal.load;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.checkpoint.ModelFileFormat;
import io.adapt4j.core.internal.checkpoint.TensorFile;
import io.adapt4j.core.internal.config.GenerationDefaults;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufException;
import io.adapt4j.gguf.format.GgufFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Function;

/** Model file format for GGUF files; found by {@link java.util.ServiceLoader}. */
public final class GgufModelFile implements ModelFileFormat {

  /** Called by {@link java.util.ServiceLoader}. */
  public GgufModelFile() {}

  @Override
  public boolean names(Path file) {
    return String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).endsWith(".gguf");
  }

  @Override
  public void write(Path file, Path folder) {
    reading(
        file,
        open -> {
          try (open) {
            write(open, folder);
            return folder;
          } catch (IOException e) {
            throw new CheckpointException(
                folder + ": writing failed: " + WriteFailure.explain(folder, e) + ".", e);
          }
        });
  }

  private static void write(GgufFile file, Path folder) throws IOException {
    GgufModel model = GgufModel.read(file);
    ObjectNode config = model.config();
    config.putObject("quantization_config").put("quant_method", StoredBlocks.METHOD);
    AtomicFiles.writeJson(folder.resolve(ModelConfig.FILE), config);
    GgufModules.write(model.family(), file, folder);
    GgufTokenizer tokenizer =
        new GgufTokenizer(file.path(), file.metadata(), model.family().readsTexts());
    AtomicFiles.writeJson(folder.resolve(GenerationDefaults.FILE), tokenizer.generation());
    if (tokenizer.isPresent()) {
      AtomicFiles.writeJson(folder.resolve("tokenizer.json"), tokenizer.tokenizer());
      AtomicFiles.writeJson(folder.resolve("tokenizer_config.json"), tokenizer.config());
    }
    if (tokenizer.chatTemplate().isPresent()) {
      AtomicFiles.writeText(folder.resolve("chat_template.jinja"), tokenizer.chatTemplate().get());
    }
  }

  @Override
  public TensorFile open(Path file) {
    return reading(
        file,
        open -> {
          try {
            return GgufTensorFile.of(GgufModel.read(open), open);
          } catch (RuntimeException e) {
            open.close();
            throw e;
          }
        });
  }

  /** Opens a file and translates format errors into checkpoint errors. */
  private static <T> T reading(Path file, Function<GgufFile, T> use) {
    try {
      return use.apply(GgufFile.open(file));
    } catch (GgufException e) {
      throw new CheckpointException(e.getMessage(), e);
    }
  }
}
