package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.MergeDescription;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Merges an adapter into its base, or models or adapters that a file lists. */
@Command(
    name = "merge",
    description =
        "Writes a model with an adapter merged into its weights, or merges models or adapters.",
    mixinStandardHelpOptions = true)
final class MergeCommand implements Callable<Integer> {

  @Parameters(
      paramLabel = "MODEL",
      arity = "0..1",
      description = "With --adapter: its base, a checkpoint folder or OWNER/NAME on a hub.")
  private @Nullable String model;

  @Mixin private Output output;

  @Option(names = "--adapter", paramLabel = "FOLDER", description = "The LoRA adapter.")
  private @Nullable Path adapter;

  @Option(
      names = "--description",
      paramLabel = "FILE",
      description = "Models or adapters to merge and the method, in YAML; instead of MODEL.")
  private @Nullable Path description;

  @Option(
      names = "--output",
      paramLabel = "FOLDER",
      required = true,
      description = "Output folder of the checkpoint or adapter; empty or absent.")
  private Path target;

  MergeCommand() {}

  @Override
  public Integer call() {
    Consumer<Path> merge = merge();
    merge.accept(target);
    return output.write(
        (adapter == null ? "The result is in " : "The merged model is in ") + target,
        JsonNodeFactory.instance.objectNode().put("output", target.toString()));
  }

  private Consumer<Path> merge() {
    if (description != null) {
      if (model != null || adapter != null) {
        throw new IllegalArgumentException(
            "--description: expected without MODEL and --adapter, found both. The file names them.");
      }
      Destination.newFolder("--output", target);
      return MergeDescription.read(description)::write;
    }
    if (model == null || adapter == null) {
      throw new IllegalArgumentException(
          "merge: expected MODEL and --adapter, or --description, found neither.");
    }
    Destination.newFolder("--output", target);
    Adapters.requireAdapter(adapter);
    Path base = ModelArgument.folder("MODEL", model);
    LoraAdapter read = LoraAdapter.at(adapter);
    return folder -> read.writeMerged(base, folder);
  }
}
