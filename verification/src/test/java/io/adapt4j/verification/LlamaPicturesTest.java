package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.Golden;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.gguf.ExportedModel;
import io.adapt4j.gguf.GgufExport;
import io.adapt4j.gguf.GgufQuantization;
import io.adapt4j.verification.PictureModels.Edit;
import io.adapt4j.vision.Picture;
import io.adapt4j.vision.VisionLanguageModel;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The real llama.cpp reads the pictures of exported models, and generates our tokens. Needs its
 * program llama-server, which the environment variable ADAPT4J_LLAMA_SERVER or the property
 * adapt4j.llama.server names. The pictures have sizes that neither side resizes, as llama.cpp
 * resizes otherwise.
 */
class LlamaPicturesTest {

  private static final int TOKENS = 12;

  /**
   * Largest difference of the log-probabilities of the 20 likeliest tokens. llama.cpp reads GELU
   * from a 16-bit table, and by its tanh approximation where projectors have the exact function; it
   * rounds what it convolves to 16 bits.
   */
  private static final double MARGIN = 0.01;

  private static final GenerationOptions OPTIONS =
      GenerationOptions.builder()
          .temperature(0)
          .maxNewTokens(TOKENS)
          .ignoreEos(true)
          .logprobs(20)
          .build();

  /** Place of the picture's rows in a prompt whose other tokens are given. */
  private static final String ROWS = "{rows}";

  /** llama.cpp cuts a picture of one tile into this tile and an overview, which is the same. */
  private static final String IDEFICS_PROMPT =
      "What? <fake_token_around_image><row_1_col_1>"
          + ROWS
          + "\n\n<fake_token_around_image><global-img>"
          + ROWS
          + "<fake_token_around_image> is it";

  private static final String THEIRS = "What? @ is it";
  private static final String PROCESSOR = "preprocessor_config.json";

  private static final String MIXTURE = "qwen3_vl_moe";

  /** Models whose text model and tokenizer a family takes, for which there is no golden model. */
  private static final Map<String, String> TEXTS =
      Map.of(
          "qwen2_vl",
          "qwen2_5_vl",
          "mistral3",
          "idefics3",
          "llava_siglip",
          "idefics3",
          "glm_ocr",
          "idefics3",
          "paddleocr_vl",
          "idefics3",
          MIXTURE,
          "qwen3_vl");

  /** Tensors in place of the MLP of each text layer, and beside it. */
  private static final Map<String, Map<String, List<Long>>> LAYERS =
      Map.of(
          MIXTURE,
          Map.of(
              "mlp.gate.weight",
              List.of(4L, 48L),
              "mlp.experts.gate_up_proj",
              List.of(4L, 48L, 56L),
              "mlp.experts.down_proj",
              List.of(4L, 28L, 48L)),
          "glm_ocr",
          PictureModels.GLM_LAYERS);

  /** Published vocabularies have two line feeds as one token. */
  private static final List<Edit> LINE_FEEDS =
      List.of(
          new Edit("tokenizer.json", "\"Ġwor\",\\s+\"d\"", "\"Ċ\", \"Ċ\""),
          new Edit("tokenizer.json", "\"Ġword\"", "\"ĊĊ\""));

  @TempDir private Path folder;

  private String program;

  /**
   * A model and a picture.
   *
   * @param ours the prompt with the family's marks of a picture
   * @param theirs the prompt with {@code @} for what llama.cpp replaces by the picture
   * @param edits changes that make the small model's processor that of llama.cpp
   */
  private record Case(
      String family,
      boolean isNoise,
      String ours,
      String theirs,
      int width,
      int height,
      Map<String, Object> options,
      List<Edit> edits) {

    Case ofText(String prompt) {
      return new Case(family, isNoise, prompt, prompt, width, height, options, edits);
    }

    boolean hasPicture() {
      return theirs.contains("@");
    }

    @Override
    public String toString() {
      return family + (isNoise ? "" : " in tiles");
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        idefics("idefics3", 32, 128),
        idefics("smolvlm", 48, 192),
        // Pictures of one color stay as they are, however they are resized.
        new Case("smolvlm", false, "What? <image> is it", THEIRS, 192, 140, Map.of(), LINE_FEEDS),
        new Case(
            "gemma3",
            true,
            "What? <start_of_image> is it",
            "What? \n\n@\n\n is it",
            56,
            56,
            Map.of(),
            List.of()),
        qwen("qwen2_5_vl", new Edit("config.json", "\"window_size\": 32", "\"window_size\": 112")),
        qwen("qwen3_vl"),
        qwen(
            MIXTURE,
            new Edit("config.json", "\"model_type\": \"qwen3_vl", "$0_moe"),
            new Edit(
                "config.json",
                "\"head_dim\"",
                "\"num_experts\": 4, \"num_experts_per_tok\": 2, \"moe_intermediate_size\": 28, $0")),
        qwen(
            "qwen2_vl",
            number("patch_size", 8, 4),
            new Edit("config.json", "qwen2_5_vl_text", "qwen2_vl_text")),
        new Case(
            "mistral3",
            true,
            "See [IMG] here",
            "See @ here",
            32,
            24,
            Map.of(),
            List.of(
                new Edit("config.json", "\"model_type\": \"llama\"", "\"model_type\": \"mistral\""),
                new Edit("config.json", "\"scale_factor\"", "\"spatial_merge_size\""),
                new Edit("config.json", "\"image_token_id\": 412", "\"image_token_index\": 450"),
                new Edit(".*token.*\\.json", "<row_6_col_6>", "[IMG]"),
                new Edit(".*token.*\\.json", "<row_6_col_5>", "[IMG_BREAK]"),
                new Edit(".*token.*\\.json", "<row_6_col_4>", "[IMG_END]"),
                new Edit(
                    "pre.*\\.json",
                    "(?s)\\A.+",
                    "{\"size\": {\"longest_edge\": 32}, \"patch_size\": 4,"
                        + " \"image_mean\": [0.5, 0.4, 0.3], \"image_std\": [0.2, 0.3, 0.4]}"),
                new Edit(
                    "processor.*\\.json",
                    "(?s)\\A.+",
                    "{\"patch_size\": 4, \"spatial_merge_size\": 2}"))),
        ocr("glm_ocr", "<|begin_of_image|>", "<|image|>", "<|end_of_image|>"),
        new Case(
            "llava_siglip",
            true,
            "What? <image> is it",
            THEIRS,
            16,
            16,
            Map.of(),
            List.of(
                new Edit("config.json", "\"scale_factor\"", "\"image_seq_length\""),
                new Edit(
                    "pre.*\\.json",
                    "(?s)\\A.+",
                    "{\"image_processor_type\": \"SiglipImageProcessor\","
                        + " \"size\": {\"height\": 16, \"width\": 16},"
                        + " \"image_mean\": [0.5, 0.4, 0.3], \"image_std\": [0.2, 0.3, 0.4]}"),
                new Edit(
                    "processor.*\\.json",
                    "(?s)\\A.+",
                    "{\"patch_size\": 4, \"vision_feature_select_strategy\": \"full\"}"))),
        new Case(
            "lfm2_vl",
            true,
            "What? <image> is it",
            THEIRS,
            160,
            128,
            Map.of(),
            List.of(
                number("tile_size", 64, 512),
                number("max_tiles", 4, 10),
                number("min_image_tokens", 4, 64),
                number("max_image_tokens", 16, 256),
                number("max_num_patches", 64, 1024))));
  }

  private static Case ocr(String family, String start, String image, String end) {
    return new Case(
        family,
        true,
        "See " + start + image + end + " here",
        "See @ here",
        48,
        64,
        Map.of(),
        List.of(
            new Edit("config.json", "\"llama\"", "\"" + family + "_text\""),
            new Edit("config.json", "\"scale_factor\": 2,", ""),
            new Edit("config.json", "\"image_token_id\": 412", "\"image_token_id\": 450"),
            new Edit(
                "config.json",
                "\"rope_scaling\": null",
                "\"rope_scaling\": {\"rope_type\": \"default\", \"mrope_section\": [2, 2, 2]}"),
            new Edit(".*token.*\\.json", "<row_6_col_6>", image),
            new Edit(".*token.*\\.json", "<row_6_col_5>", start),
            new Edit(".*token.*\\.json", "<row_6_col_4>", end),
            new Edit(
                "pre.*\\.json",
                "(?s)\\A.+",
                "{\"min_pixels\": 64, \"max_pixels\": 100000, \"patch_size\": 4,"
                    + " \"image_mean\": [0.5, 0.4, 0.3], \"image_std\": [0.2, 0.3, 0.4]}"),
            new Edit("processor.*\\.json", "(?s)\\A.+", "{}")));
  }

  private static Case idefics(String family, int tile, int edge) {
    return new Case(
        family,
        true,
        IDEFICS_PROMPT,
        THEIRS,
        tile,
        tile,
        Map.of(),
        Stream.concat(LINE_FEEDS.stream(), Stream.of(number("longest_edge", edge, tile))).toList());
  }

  private static Case qwen(String family, Edit... edits) {
    return new Case(
        family,
        true,
        "See <|vision_start|><|image_pad|><|vision_end|> here",
        "See @ here",
        160,
        128,
        Map.of("max_pixels", 100_000),
        List.of(edits));
  }

  private static Edit number(String field, int from, int to) {
    return new Edit(PROCESSOR, "\"" + field + "\": " + from, "\"" + field + "\": " + to);
  }

  @BeforeEach
  void requireServer() {
    program =
        Optional.ofNullable(System.getProperty("adapt4j.llama.server"))
            .or(() -> Optional.ofNullable(System.getenv("ADAPT4J_LLAMA_SERVER")))
            .orElse("");
    assumeTrue(!program.isEmpty(), "No llama-server: set ADAPT4J_LLAMA_SERVER to its path");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void generatesOurTokens(Case given) throws Exception {
    check(given, GgufQuantization.F32, MARGIN, false);
  }

  @Test
  void generatesOurTokensOfATextModelAlone() throws Exception {
    Case given = ocr("paddleocr_vl", "<|start|>", "<|IMAGE_PLACEHOLDER|>", "<|end|>");
    check(given.ofText("See this word here"), GgufQuantization.F32, MARGIN, false);
  }

  @Test
  void generatesOurTokensWithAnAdapterOfTowerProjectorAndTextModel() throws Exception {
    check(idefics("idefics3", 32, 128), GgufQuantization.F32, MARGIN, true);
  }

  @Test
  void generatesOurTokensOfHalfWidth() throws Exception {
    check(idefics("idefics3", 32, 128), GgufQuantization.F16, 4 * MARGIN, false);
  }

  private void check(Case given, GgufQuantization type, double margin, boolean adapted)
      throws Exception {
    Path golden =
        Golden.folder("multimodal/models/" + TEXTS.getOrDefault(given.family(), given.family()));
    Path model = PictureModels.copy(golden, folder.resolve(given.family()), given.edits());
    if (TEXTS.containsKey(given.family()) && !given.family().equals(MIXTURE)) {
      PictureModels.replaceTower(
          model, given.family(), ".*(visual|vision_model|connector)\\..*", "model.text_model.");
    }
    if (LAYERS.containsKey(given.family())) {
      PictureModels.changeLayers(model, 3, LAYERS.get(given.family()));
    }
    Path picture = picture(given, 3);
    GgufExport export = GgufExport.of(model).type(type).preTokenizer("gpt-2");
    Adapter[] adapters = {};
    if (adapted) {
      adapters = new Adapter[] {PictureModels.adapter(model, picture, folder)};
      export.adapter(adapters[0]);
    }
    if (!given.hasPicture()) {
      export.textOnly();
    }
    ExportedModel file = export.to(folder.resolve("model.gguf"));
    List<TokenLogprobs> ours = ours(given, model, picture, adapters);
    if (given.hasPicture()) {
      assertThat(difference(ours, ours(given, model, picture(given, 4), adapters)))
          .as("difference by the picture")
          .isGreaterThan(5 * margin);
    }
    JsonNode theirs;
    try (Server server = new Server(file)) {
      theirs = server.complete(given.theirs(), picture);
    }
    List<Integer> tokens = new ArrayList<>();
    theirs.path("tokens").forEach(each -> tokens.add(each.asInt()));
    int at = 0;
    for (JsonNode step : theirs.path("completion_probabilities")) {
      // The server leaves out tokens that end within a character.
      int left = at > 0 ? 0 : tokens.indexOf(step.path("id").asInt());
      if (left < 0 || tokens.get(at + left) != step.path("id").asInt()) {
        break;
      }
      assertThat(isOurs(tokens, ours, left)).isTrue();
      at += left;
      Map<Integer, Double> found = new HashMap<>();
      step.path("top_logprobs")
          .forEach(each -> found.put(each.path("id").asInt(), each.path("logprob").asDouble()));
      TokenLogprobs own = ours.get(at++);
      for (TokenLogprobs.Alternative alternative : own.top()) {
        assertThat(found.get(alternative.tokenId()))
            .as("step %s, token %s", at, alternative.tokenId())
            .isCloseTo(alternative.logprob(), within(margin));
      }
      if (own.tokenId() != tokens.get(at - 1)) {
        break; // Two tokens are about as likely.
      }
    }
    assertThat(at).isPositive();
    assertThat(isOurs(tokens, ours, 4)).isTrue();
  }

  private static boolean isOurs(List<Integer> tokens, List<TokenLogprobs> ours, int count) {
    return tokens
        .subList(0, count)
        .equals(ours.stream().limit(count).map(TokenLogprobs::tokenId).toList());
  }

  private Path picture(Case given, long seed) throws IOException {
    Path file = folder.resolve(seed + ".png");
    return PictureModels.picture(file, given.width(), given.height(), given.isNoise(), seed);
  }

  /** Returns the largest difference of a first token's log-probability. */
  private static double difference(List<TokenLogprobs> some, List<TokenLogprobs> others) {
    Map<Integer, Double> found = new HashMap<>();
    others.get(0).top().forEach(each -> found.put(each.tokenId(), each.logprob()));
    return some.get(0).top().stream()
        .filter(each -> found.containsKey(each.tokenId()))
        .mapToDouble(each -> Math.abs(each.logprob() - found.get(each.tokenId())))
        .max()
        .orElse(Double.POSITIVE_INFINITY);
  }

  private static List<TokenLogprobs> ours(
      Case given, Path model, Path picture, Adapter... adapters) {
    CancellationToken never = new CancellationToken();
    List<Picture> pictures = given.hasPicture() ? List.of(Picture.read(picture)) : List.of();
    try (VisionLanguageModel loaded =
        VisionLanguageModel.load(
            ModelSource.path(model), WeightFormat.asStored(), Precision.FP32, adapters)) {
      loaded.usePictureOptions(given.options());
      if (!given.ours().contains(ROWS)) {
        return loaded.generate(given.ours(), pictures, OPTIONS, text -> {}, never).logprobs();
      }
      ChatMessage message =
          ChatMessage.of(Map.of("role", "user", "content", List.of(Map.of("type", "image"))));
      try (VisionLanguageModel.Prompt prompt =
          loaded.prompt(List.of(message), pictures, ChatOptions.defaults(), OPTIONS, never)) {
        Tokenizer tokenizer = loaded.languageModel().tokenizer();
        int[] rows =
            Arrays.stream(prompt.prepared().tokenIds())
                .filter(id -> id >= tokenizer.vocabularySize())
                .toArray();
        IntStream.Builder ids = IntStream.builder();
        String[] parts = given.ours().split("\\{rows}", -1);
        for (int i = 0; i < parts.length; i++) {
          Arrays.stream(i == 0 ? new int[0] : rows).forEach(ids::add);
          Arrays.stream(tokenizer.encode(parts[i], false)).forEach(ids::add);
        }
        Generation generated =
            loaded
                .languageModel()
                .generate(ids.build().toArray(), prompt.prepared().options(), text -> {}, never);
        return generated.logprobs();
      }
    }
  }

  /** A llama-server. */
  private final class Server implements AutoCloseable {

    private final HttpClient client = HttpClient.newHttpClient();
    private final Path log = folder.resolve("server.txt");
    private final URI base;
    private final Process process;

    Server(ExportedModel model) throws Exception {
      int port;
      try (ServerSocket socket = new ServerSocket(0)) {
        port = socket.getLocalPort();
      }
      base = URI.create("http://127.0.0.1:" + port);
      List<String> command = new ArrayList<>(List.of(program, "-m", model.file().toString()));
      model.mmproj().ifPresent(tower -> command.addAll(List.of("--mmproj", tower.toString())));
      command.addAll(List.of("--host", "127.0.0.1", "--port", String.valueOf(port)));
      command.addAll(List.of("-c", "1024", "-np", "1", "-t", "1", "--cache-ram", "0"));
      command.addAll(List.of("-fa", "off", "-ctk", "f32", "-ctv", "f32"));
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      while (!isReady()) {
        if (!process.isAlive()) {
          throw new IllegalStateException(Files.readString(log));
        }
        Thread.sleep(50);
      }
    }

    private boolean isReady() throws InterruptedException {
      try {
        return send(HttpRequest.newBuilder(base.resolve("/health"))).has("status");
      } catch (IOException e) {
        return false;
      }
    }

    private JsonNode send(HttpRequest.Builder request) throws IOException, InterruptedException {
      return Json.parse(client.send(request.build(), HttpResponse.BodyHandlers.ofString()).body());
    }

    JsonNode complete(String prompt, Path picture) throws IOException, InterruptedException {
      String marker =
          send(HttpRequest.newBuilder(base.resolve("/props"))).path("media_marker").asText();
      ObjectNode body = JsonNodeFactory.instance.objectNode();
      if (prompt.contains("@")) {
        body.putObject("prompt")
            .put("prompt_string", prompt.replace("@", marker))
            .putArray("multimodal_data")
            .add(Base64.getEncoder().encodeToString(Files.readAllBytes(picture)));
      } else {
        body.put("prompt", prompt);
      }
      body.put("n_predict", TOKENS).put("temperature", 0).put("n_probs", 500);
      body.put("ignore_eos", true).put("return_tokens", true).put("cache_prompt", false);
      JsonNode answer =
          send(
              HttpRequest.newBuilder(base.resolve("/completion"))
                  .POST(HttpRequest.BodyPublishers.ofString(Json.compact(body))));
      assertThat(answer.path("tokens")).as(answer + Files.readString(log)).hasSize(TOKENS);
      return answer;
    }

    @Override
    public void close() throws InterruptedException {
      process.destroy();
      process.waitFor();
    }
  }
}
