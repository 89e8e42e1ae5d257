package io.adapt4j.core.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.http.Retries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The files needed to load a model: configuration, tokenizer, chat templates, card and license, and
 * safetensors weights, single or sharded; those of an adapter; and those of the modules of a
 * sentence-transformers model, which are in folders such as {@code 1_Pooling}. If a folder has both
 * a single file and shards, the single file is used. Weights in other formats are never downloaded.
 */
record ModelFiles(RepositoryId repository) implements FileChoice {

  private static final String WEIGHTS = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String ADAPTER_CONFIG = "adapter_config.json";
  private static final String ADAPTER_WEIGHTS = "adapter_model.safetensors";
  private static final String MODULES = "modules.json";

  private static final Pattern MODULE_FOLDER = Pattern.compile("\\d+_\\w+/");
  private static final Pattern SMALL =
      Pattern.compile(
          "(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens"
              + "|vocab|chat_template|modules|config_sentence_transformers|sentence_\\w+_config"
              + "|adapter_config)\\.json"
              + "|vocab\\.txt|merges\\.txt|tokenizer\\.model|spiece\\.model"
              + "|sentencepiece\\.bpe\\.model|chat_template\\.jinja"
              + "|additional_chat_templates/[^/]+\\.jinja"
              + "|README\\.md|LICEN[CS]E[^/]*");
  private static final Pattern TOKENIZER =
      Pattern.compile(
          "tokenizer\\.json|tokenizer\\.model|vocab\\.(json|txt)|spiece\\.model"
              + "|sentencepiece\\.bpe\\.model");
  private static final Pattern OTHER_WEIGHTS =
      Pattern.compile(".*\\.(bin|pt|pth|ckpt|h5|msgpack|gguf|onnx|ot|tflite|safetensors)");
  private static final Pattern PYTORCH =
      Pattern.compile("(.*/)?(pytorch|adapter)_model[^/]*\\.bin|.*\\.(pt|pth|ckpt)");

  @Override
  public List<String> first(Set<String> listed) {
    List<String> chosen = new ArrayList<>();
    for (String folder : folders(listed)) {
      requireWeights(folder, listed);
      for (String file : new TreeSet<>(listed)) {
        if (file.startsWith(folder) && SMALL.matcher(file.substring(folder.length())).matches()) {
          chosen.add(file);
        }
      }
      if (isSharded(folder, listed)) {
        chosen.add(folder + INDEX);
      }
    }
    return chosen;
  }

  @Override
  public List<String> then(Set<String> listed, Path snapshot) {
    List<String> weights = new ArrayList<>();
    for (String folder : folders(listed)) {
      if (listed.contains(folder + WEIGHTS)) {
        weights.add(folder + WEIGHTS);
      } else if (isSharded(folder, listed)) {
        for (String shard : shards(snapshot.resolve(folder + INDEX))) {
          weights.add(listedShard(folder, shard, listed));
        }
      }
    }
    if (listed.contains(ADAPTER_WEIGHTS)) {
      weights.add(ADAPTER_WEIGHTS);
    }
    return weights;
  }

  private static boolean isSharded(String folder, Set<String> listed) {
    return listed.contains(folder + INDEX) && !listed.contains(folder + WEIGHTS);
  }

  private String listedShard(String folder, String shard, Set<String> listed) {
    if (!listed.contains(folder + shard)) {
      throw new HubException(
          ("%s: %s%s names the shard '%s', which the repository does not have. Report it to"
                  + " its owner, or try another revision")
              .formatted(repository, folder, INDEX, Names.shown(shard)));
    }
    return folder + shard;
  }

  /** Returns the root and the module folders, each with a trailing slash. */
  private static Set<String> folders(Set<String> listed) {
    Set<String> folders = new LinkedHashSet<>();
    folders.add("");
    if (listed.contains(MODULES)) {
      for (String file : new TreeSet<>(listed)) {
        Matcher folder = MODULE_FOLDER.matcher(file);
        if (folder.lookingAt()) {
          folders.add(folder.group());
        }
      }
    }
    return folders;
  }

  /** Rejects a folder whose weights are all in unsupported formats. */
  private void requireWeights(String folder, Set<String> listed) {
    if (listed.contains(folder + WEIGHTS)
        || listed.contains(folder + INDEX)
        || listed.contains(folder + ADAPTER_WEIGHTS)
        || (folder.isEmpty() && hasTransformerModule(listed))) {
      return;
    }
    List<String> others =
        listed.stream()
            .filter(
                file ->
                    file.startsWith(folder)
                        && !MODULE_FOLDER.matcher(file.substring(folder.length())).lookingAt())
            .filter(file -> OTHER_WEIGHTS.matcher(file).matches())
            .filter(file -> !file.endsWith("training_args.bin"))
            .sorted()
            .toList();
    if (!others.isEmpty()) {
      throw new HubException(
          repository
              + (folder.isEmpty() ? "" : ", folder " + folder)
              + ": expected weights in "
              + WEIGHTS
              + ", in shards with "
              + INDEX
              + " or in "
              + ADAPTER_WEIGHTS
              + ", found only "
              + Names.shown(String.join(", ", others.subList(0, Math.min(5, others.size()))))
              + ". "
              + remedy(others));
    }
  }

  /** Returns whether the weights are in the first module's folder instead of the root. */
  private static boolean hasTransformerModule(Set<String> listed) {
    return listed.contains(MODULES)
        && folders(listed).stream()
            .filter(folder -> folder.startsWith("0_"))
            .anyMatch(
                folder -> listed.contains(folder + WEIGHTS) || listed.contains(folder + INDEX));
  }

  private static String remedy(List<String> others) {
    return others.stream().anyMatch(file -> PYTORCH.matcher(file).matches())
        ? "These are pickles, which can run code when they are read, so they are refused. Look for"
            + " a revision with safetensors (the Hub's converter offers one as refs/pr/...), or"
            + " convert them with save_pretrained(..., safe_serialization=True) in Python"
        : "Choose a repository that has the original weights as safetensors";
  }

  @Override
  public boolean surelyComplete(Path snapshot) {
    return missing(snapshot).isEmpty() && (has(snapshot, ADAPTER_CONFIG) || hasTokenizer(snapshot));
  }

  private static boolean hasTokenizer(Path snapshot) {
    try (var files = Files.list(snapshot)) {
      return files.anyMatch(file -> TOKENIZER.matcher(file.getFileName().toString()).matches());
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public List<String> missing(Path snapshot) {
    List<String> missing = new ArrayList<>();
    if (has(snapshot, ADAPTER_CONFIG) && !has(snapshot, "config.json")) {
      require(snapshot, ADAPTER_WEIGHTS, missing);
      return missing;
    }
    if (!has(snapshot, MODULES)) {
      requireModel(snapshot, "", missing);
      return missing;
    }
    for (JsonNode module : read(snapshot.resolve(MODULES))) {
      String path = module.path("path").asText();
      String folder = path.isEmpty() ? "" : Names.requireFile(repository, path) + "/";
      String type = module.path("type").asText();
      if (type.endsWith("Transformer") || type.endsWith("Dense")) {
        requireModel(snapshot, folder, missing);
      } else if (type.endsWith("Pooling")) {
        require(snapshot, folder + "config.json", missing);
      }
    }
    return missing;
  }

  private void requireModel(Path snapshot, String folder, List<String> missing) {
    require(snapshot, folder + "config.json", missing);
    if (has(snapshot, folder + INDEX) && !has(snapshot, folder + WEIGHTS)) {
      for (String shard : shards(snapshot.resolve(folder + INDEX))) {
        require(snapshot, folder + shard, missing);
      }
    } else {
      require(snapshot, folder + WEIGHTS, missing);
    }
  }

  private static boolean has(Path snapshot, String file) {
    return Files.isRegularFile(snapshot.resolve(file));
  }

  private static void require(Path snapshot, String file, List<String> missing) {
    if (!has(snapshot, file)) {
      missing.add(file);
    }
  }

  private Set<String> shards(Path index) {
    Set<String> shards = new TreeSet<>();
    for (JsonNode shard : read(index).path("weight_map")) {
      shards.add(Names.requireFile(repository, shard.asText()));
    }
    return shards;
  }

  private static JsonNode read(Path file) {
    try {
      return Json.parse(Files.readString(file));
    } catch (JsonProcessingException e) {
      throw new HubException(file + " is not JSON; delete it to have it downloaded again", e);
    } catch (IOException e) {
      throw new HubException(file + " cannot be read: " + Retries.reason(e), e);
    }
  }
}
