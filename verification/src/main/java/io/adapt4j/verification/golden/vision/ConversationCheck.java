package io.adapt4j.verification.golden.vision;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.load.LoadedModels;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.picture.Pictures;
import io.adapt4j.core.internal.nn.picture.PromptPictures;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Tolerances;
import io.adapt4j.vision.internal.PictureFeatures;
import io.adapt4j.vision.internal.PixelBatch;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.processor.PictureProcessor;
import io.adapt4j.vision.internal.processor.PictureProcessors;
import io.adapt4j.vision.internal.processor.PicturePrompt;
import io.adapt4j.vision.internal.prompt.PictureStore;
import io.adapt4j.vision.internal.tower.PictureTower;
import io.adapt4j.vision.internal.tower.Towers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Checks conversations about pictures from their files on: prompts, token ids, pixels, features,
 * logits and generated tokens.
 */
public final class ConversationCheck {

  /** Folders of models that answer about pictures. */
  public static final Kind KIND =
      Kind.ofModel(
          "conversations about pictures",
          source -> source.kind().equals("image_text"),
          golden -> new ConversationCheck(golden).run());

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<HashMap<String, Object>> FIELDS = new TypeReference<>() {};
  private static final int GENERATED = 16;
  private static final long KEPT_BYTES = 1L << 26;

  private final GoldenFolder golden;
  private final PictureFiles files;

  private ConversationCheck(GoldenFolder golden) {
    this.golden = golden;
    this.files = new PictureFiles(golden);
  }

  private void run() {
    PictureFiles.requireTower(golden.path());
    try (LanguageModel texts =
            LanguageModel.load(
                ModelSource.path(golden.path()), WeightFormat.asStored(), Precision.FP32);
        Tokenizer tokenizer = Tokenizer.load(golden.path());
        Checkpoint checkpoint = Checkpoint.open(golden.path())) {
      LoadedModel loaded = LoadedModels.of(texts);
      Decoder decoder = loaded.decoder();
      PictureTower tower = Towers.load(decoder.modelConfig(), checkpoint, DType.F32);
      try (PictureStore store =
          new PictureStore(loaded, LoadedModels.lock(texts), tower, KEPT_BYTES)) {
        Parts parts = new Parts(texts, decoder, tokenizer, tower, store);
        for (JsonNode stated : GoldenFolder.json(golden.path(), GoldenSource.CASES).path("cases")) {
          String name = stated.path("name").asText();
          golden.attempt(name, () -> new Case(name + ".", stated, parts).check());
        }
      }
    }
  }

  /** The model's parts. */
  private record Parts(
      LanguageModel texts,
      Decoder decoder,
      Tokenizer tokenizer,
      PictureTower tower,
      PictureStore store) {}

  /** A case, its name with a dot. */
  private final class Case {
    private final String prefix;
    private final JsonNode stated;
    private final Parts parts;
    private final PictureProcessor opened = PictureProcessors.open(golden.path());

    Case(String prefix, JsonNode stated, Parts parts) {
      this.prefix = prefix;
      this.stated = stated;
      this.parts = parts;
    }

    void check() throws IOException {
      List<List<Pixels>> pictures = new ArrayList<>();
      List<PicturePrompt> prompts = new ArrayList<>();
      for (JsonNode row : stated.path("rows")) {
        List<Pixels> own = new ArrayList<>();
        for (JsonNode file : row.findValues("file")) {
          own.add(files.read(file));
        }
        pictures.add(own);
        String rendered = row.path("rendered").asText();
        if (stated.path("chat_template").asBoolean(true)) {
          golden.section().equal(prefix + "rendered", rendered, rendered(row));
        }
        prompts.add(processor(prompts.size()).prompt(parts.tokenizer(), rendered, own));
      }
      ids(prompts);
      List<Pixels> all = pictures.stream().flatMap(List::stream).toList();
      if (!all.isEmpty()) {
        int[] counts = pictures.stream().mapToInt(List::size).toArray();
        features(files.pixels(prefix, stated, processor(0), all, counts));
      }
      model(prompts, pictures);
    }

    private PictureProcessor processor(int row) {
      Map<String, Object> options =
          stated.path("options").isObject()
              ? JSON.convertValue(stated.path("options"), FIELDS)
              : new HashMap<>();
      options.replaceAll((name, value) -> value instanceof List<?> list ? list.get(row) : value);
      options.put("add_special_tokens", true);
      return opened.with(options);
    }

    private String rendered(JsonNode row) {
      List<ChatMessage> messages = new ArrayList<>();
      row.path("messages")
          .forEach(message -> messages.add(ChatMessage.of(JSON.convertValue(message, FIELDS))));
      boolean asks = stated.path("add_generation_prompt").asBoolean();
      return ChatTemplate.read(golden.path())
          .render(messages, ChatOptions.defaults().withGenerationPrompt(asks));
    }

    private void ids(List<PicturePrompt> prompts) {
      int length = prompts.stream().mapToInt(prompt -> prompt.ids().length).max().orElseThrow();
      long[] ids = new long[prompts.size() * length];
      Arrays.fill(ids, parts.tokenizer().paddingId());
      long[] mask = new long[ids.length];
      long[] types = new long[ids.length];
      for (int row = 0; row < prompts.size(); row++) {
        PicturePrompt prompt = prompts.get(row);
        int start = (row + 1) * length - prompt.ids().length;
        for (int i = 0; i < prompt.ids().length; i++) {
          ids[start + i] = prompt.ids()[i];
          mask[start + i] = 1;
          types[start + i] = prompt.typeIds()[i];
        }
      }
      equal("input_ids", ids);
      equal("attention_mask", mask);
      equal("token_type_ids", types);
      equal("mm_token_type_ids", types);
      for (int i = 0; i < ids.length; i++) {
        ids[i] = types[i] == 1 ? ids[i] : TargetRows.IGNORED;
      }
      equal("labels", ids);
    }

    private void equal(String name, long[] found) {
      if (golden.has(prefix + name)) {
        int wrong = Arrays.equals(found, golden.longs(prefix + name)) ? 0 : 1;
        golden.compared(prefix + name, new Deviation(wrong, 0));
      }
    }

    private void features(PixelBatch batch) {
      try (Scope scope = Scope.open()) {
        PictureFeatures found = parts.tower().forward(Ops.inference(), batch);
        values("image_features", found.rows().toFloats());
        for (int i = 0; i < found.deeper().size(); i++) {
          values("deepstack." + i, found.deeper().get(i).toFloats());
        }
      }
    }

    private void values(String name, float[] found) {
      if (golden.has(prefix + name)) {
        String stored = stated.path("tensors").path(name).path("stored").asText("whole");
        golden.compared(prefix + name, PictureFiles.every(found, stored), Tolerances.FP32);
      }
    }

    private void model(List<PicturePrompt> prompts, List<List<Pixels>> pictures) {
      List<Pictures.Held> held = new ArrayList<>();
      List<int[]> rows = new ArrayList<>();
      try {
        for (int row = 0; row < prompts.size(); row++) {
          PictureProcessor processor = processor(row);
          int[] ids = prompts.get(row).ids().clone();
          int place = 0;
          for (int i = 0; i < pictures.get(row).size(); i++) {
            Pixels picture = pictures.get(row).get(i);
            Pictures.Held own =
                parts
                    .store()
                    .hold(
                        prefix + row + "." + i,
                        Optional.empty(),
                        () -> processor.pixels(List.of(picture)));
            held.add(own);
            for (int id : own.ids()) {
              while (ids[place] != prompts.get(row).placeId()) {
                place++;
              }
              ids[place++] = id;
            }
          }
          rows.add(ids);
        }
        logits(rows);
        generated(rows);
      } finally {
        held.forEach(Pictures.Held::close);
      }
    }

    private void logits(List<int[]> rows) {
      List<float[]> all = new ArrayList<>();
      for (int[] row : rows) {
        all.add(logits(row, all.size()));
      }
      loss(rows, all);
      String name = prefix + (golden.has(prefix + "logits") ? "logits" : "logits_last");
      if (!golden.has(name)) {
        return;
      }
      float[] expected = golden.floats(name);
      int stored = Math.toIntExact(golden.tensors().entry(name).shape().get(1));
      int vocabulary = expected.length / rows.size() / stored;
      Deviation worst = Deviation.NONE;
      for (int row = 0; row < rows.size(); row++) {
        float[] found = all.get(row);
        int compared = Math.min(stored, rows.get(row).length) * vocabulary;
        int to = (row + 1) * stored * vocabulary;
        worst =
            worst.or(
                Deviation.of(
                    Arrays.copyOfRange(found, found.length - compared, found.length),
                    Arrays.copyOfRange(expected, to - compared, to),
                    Tolerances.FP32));
      }
      golden.compared(name, worst);
    }

    /** Compares the mean loss of the answers, which is no number where there are none. */
    private void loss(List<int[]> rows, List<float[]> logits) {
      if (!stated.has("loss")) {
        return;
      }
      double sum = 0;
      int count = 0;
      for (int row = 0; row < rows.size(); row++) {
        int[] labels = golden.rows(prefix + "labels").get(row);
        int length = rows.get(row).length;
        int vocabulary = logits.get(row).length / length;
        for (int i = 1; i < length; i++) {
          int label = labels[labels.length - length + i];
          if (label != TargetRows.IGNORED) {
            sum -= logProbability(logits.get(row), (i - 1) * vocabulary, vocabulary, label);
            count++;
          }
        }
      }
      JsonNode wanted = stated.path("loss");
      if (Double.isFinite(wanted.asDouble())) {
        golden.compared(
            prefix + "loss", Deviation.of(sum / count, wanted.asDouble(), Tolerances.FP32));
      } else {
        golden.section().equal(prefix + "loss", wanted.asText(), String.valueOf(sum / count));
      }
    }

    private static double logProbability(float[] logits, int from, int count, int chosen) {
      double largest =
          IntStream.range(from, from + count).mapToDouble(i -> logits[i]).max().orElse(0);
      double sum =
          IntStream.range(from, from + count).mapToDouble(i -> Math.exp(logits[i] - largest)).sum();
      return logits[from + chosen] - largest - Math.log(sum);
    }

    /** Computes logits; in a prompt with an answer, pictures and prompt see each other. */
    private float[] logits(int[] ids, int row) {
      Decoder decoder = parts.decoder();
      int seen = ids.length;
      if (stated.path("options").has("suffix")) {
        int[] types = golden.rows(prefix + "token_type_ids").get(row);
        int start = types.length - ids.length;
        seen = (int) IntStream.range(start, types.length).filter(i -> types[i] == 0).count();
      }
      try (Scope scope = Scope.open(decoder.engine());
          PromptPictures own = decoder.pictures().of(Arrays.copyOf(ids, seen));
          KvCache cache = decoder.newCache(1, ids.length);
          Positions positions =
              decoder.joinedPositions(
                  List.of(cache), new int[] {ids.length}, new int[1], List.of(own))) {
        long[] input = Arrays.stream(ids).mapToLong(id -> id < Pictures.FIRST ? id : 0).toArray();
        Tensor hidden =
            decoder.hidden(Ops.inference(), Tensor.of(input, 1, ids.length), positions, false);
        return decoder.logits(hidden).toFloats();
      }
    }

    private void generated(List<int[]> rows) {
      if (!golden.has(prefix + "generated")) {
        return;
      }
      GenerationOptions options =
          GenerationOptions.greedy().toBuilder().maxNewTokens(GENERATED).ignoreEos(true).build();
      List<int[]> expected = golden.rows(prefix + "generated");
      int wrong = 0;
      for (int row = 0; row < rows.size(); row++) {
        int[] found =
            parts
                .texts()
                .generate(rows.get(row), options, text -> {}, new CancellationToken())
                .tokenIds()
                .stream()
                .mapToInt(Integer::intValue)
                .toArray();
        wrong += Arrays.equals(found, expected.get(row)) ? 0 : 1;
      }
      golden.compared(prefix + "generated", new Deviation(wrong, 0));
    }
  }
}
