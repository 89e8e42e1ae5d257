package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.adapt4j.core.Golden;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.Targets;
import io.adapt4j.serve.feedback.AnswerRecorder;
import io.adapt4j.serve.feedback.ServedAnswer;
import io.adapt4j.serve.feedback.ServedFeedback;
import io.adapt4j.serve.internal.download.PublicDownload;
import io.adapt4j.serve.vision.ServedVision;
import io.adapt4j.vision.Picture;
import io.adapt4j.vision.VisionLanguageModel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pictures in requests are read as the model in this process reads them. */
@Timeout(120)
class PicturesTest {

  private static final Path FOLDER = Path.of("../vision/src/test/resources/models/idefics3");
  private static final String CHAT = "/v1/chat/completions";
  private static final String RESPONSES = "/v1/responses";
  private static final String PHOTO = "photo_37x53.png";
  private static final String PAGE = "page_170x90.png";
  private static final GenerationOptions TWELVE =
      GenerationOptions.greedy().toBuilder().maxNewTokens(12).build();
  private static final Map<String, String> IMAGE = Map.of("type", "image");

  private static long before;
  private static VisionLanguageModel model;
  private static TestServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws IOException {
    Path adapter = adapter(folder);
    before = Tensor.live();
    model =
        VisionLanguageModel.load(ModelSource.path(FOLDER), WeightFormat.asStored(), Precision.FP32);
    model.languageModel().addAdapter("tuned", LoraAdapter.at(adapter));
    server = TestServer.start(settings -> settings.model("vision", new ServedVision(model)));
  }

  /** Trains an adapter of the image tower and the projector. */
  private static Path adapter(Path folder) throws IOException {
    Path rows = folder.resolve("rows.jsonl");
    Files.writeString(
        rows,
        "{\"messages\":[{\"role\":\"user\",\"content\":\"<image>What?\"},{\"role\":\"assistant\","
            + "\"content\":\"a photo\"}],\"images\":[\"%s\"]}%n".formatted(file(PHOTO)));
    return FineTuner.builder()
        .model(ModelSource.path(FOLDER))
        .dataset(Datasets.jsonl(rows))
        .method(
            Lora.rank(4)
                .targets(Targets.regex(".*vision_model.*(v_proj|fc.)"))
                .modulesToSave("modality_projection"))
        .precision(Precision.FP32)
        .epochs(20)
        .learningRate(2e-2)
        .output(folder.resolve("run"))
        .build()
        .run()
        .last();
  }

  @AfterAll
  static void closingFreesEverything() {
    server.close();
    model.close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static Path file(String name) {
    return FOLDER.resolve("images").resolve(name).toAbsolutePath().normalize();
  }

  private static String dataUrl(String name) throws IOException {
    return dataUrl(Files.readAllBytes(file(name)));
  }

  private static String dataUrl(byte[] bytes) {
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(bytes);
  }

  /** Returns a part as the API of conversations has it. */
  private static String part(String url) {
    return "{'type':'image_url','image_url':{'url':'%s','detail':'high'}}".formatted(url);
  }

  private static String text(String text) {
    return "{'type':'text','text':'%s'}".formatted(text);
  }

  private static String user(String... parts) {
    return "{'role':'user','content':[" + String.join(",", parts) + "]}";
  }

  private static String request(String name, String messages) {
    return "{'model':'%s','max_tokens':12,'temperature':0,'messages':[%s]}"
        .formatted(name, messages);
  }

  private static ChatMessage asking(Object... parts) {
    return ChatMessage.of(Map.of("role", "user", "content", List.of(parts)));
  }

  private static Map<String, String> textPart(String text) {
    return Map.of("type", "text", "text", text);
  }

  private static Generation own(
      VisionLanguageModel reader, List<ChatMessage> messages, String... files) {
    return reader.chat(
        messages,
        Arrays.stream(files).map(PicturesTest::file).map(Picture::read).toList(),
        ChatOptions.defaults(),
        TWELVE,
        text -> {},
        new CancellationToken());
  }

  private static String said(JsonNode answer) {
    return answer.at("/choices/0/message/content").asText();
  }

  @Test
  void anAnswerAboutAPictureIsThatOfTheModel() throws Exception {
    Generation expected = own(model, List.of(asking(IMAGE, textPart("What is it?"))), PHOTO);
    String request = request("vision", user(part(dataUrl(PHOTO)), text("What is it?")));
    JsonNode answer = server.answer(CHAT, request);
    assertThat(said(answer)).isEqualTo(expected.text()).isNotBlank();
    assertThat(answer.at("/usage/prompt_tokens").asInt()).isEqualTo(expected.promptTokens());
    StringBuilder streamed = new StringBuilder();
    for (JsonNode event :
        server.events(CHAT, request.replace("'temperature'", "'stream':true,'temperature'"))) {
      streamed.append(event.at("/choices/0/delta/content").asText());
    }
    assertThat(streamed.toString()).isEqualTo(expected.text());
  }

  @Test
  void severalPicturesAndTurnsKeepTheirOrder() throws Exception {
    ChatMessage first = asking(textPart("One"), IMAGE, textPart("and two"), IMAGE);
    List<ChatMessage> messages =
        List.of(
            ChatMessage.system("Be brief."),
            first,
            ChatMessage.assistant("Yes."),
            asking(IMAGE, textPart("And this?")));
    Generation expected = own(model, messages, PHOTO, PAGE, PHOTO);
    String turns =
        String.join(
            ",",
            "{'role':'system','content':'Be brief.'}",
            user(text("One"), part(dataUrl(PHOTO)), text("and two"), part(dataUrl(PAGE))),
            "{'role':'assistant','content':'Yes.'}",
            user(part(dataUrl(PHOTO)), text("And this?")));
    assertThat(said(server.answer(CHAT, request("vision", turns)))).isEqualTo(expected.text());
    assertThat(own(model, messages, PAGE, PHOTO, PHOTO).text()).isNotEqualTo(expected.text());
  }

  @Test
  void anotherQuestionReadsTheQuestionOnly() throws Exception {
    server.answer(CHAT, request("vision", user(part(dataUrl(PAGE)), text("What is it?"))));
    JsonNode usage =
        server
            .answer(CHAT, request("vision", user(part(dataUrl(PAGE)), text("Which color has it?"))))
            .path("usage");
    int cached = usage.at("/prompt_tokens_details/cached_tokens").asInt();
    assertThat(usage.path("prompt_tokens").asInt() - cached).isLessThan(40);
  }

  @Test
  void responsesTakePicturesAndRememberThem() throws Exception {
    String input =
        "{'model':'vision','max_output_tokens':12,'temperature':0,'input':[{'role':'user','content':["
            + "{'type':'input_image','image_url':'%s'},{'type':'input_text','text':'What is it?'}]}]}";
    JsonNode first = server.answer(RESPONSES, input.formatted(dataUrl(PHOTO)));
    ChatMessage question = asking(IMAGE, textPart("What is it?"));
    String answer = own(model, List.of(question), PHOTO).text();
    assertThat(first.at("/output/0/content/0/text").asText()).isEqualTo(answer);
    JsonNode second =
        server.answer(
            RESPONSES,
            "{'model':'vision','max_output_tokens':12,'temperature':0,'input':'Why?',"
                + "'previous_response_id':'%s'}".formatted(first.path("id").asText()));
    List<ChatMessage> both =
        List.of(question, ChatMessage.assistant(answer), ChatMessage.user("Why?"));
    assertThat(second.at("/output/0/content/0/text").asText())
        .isEqualTo(own(model, both, PHOTO).text());
  }

  @Test
  void aConversationWithPicturesTakesFurtherItems() throws Exception {
    String picture =
        "{'items':[{'role':'user','content':[{'type':'input_image','image_url':'%s'}]}]}";
    JsonNode made = server.answer("/v1/conversations", picture.formatted(dataUrl(PHOTO)));
    JsonNode more =
        server.answer(
            "/v1/conversations/%s/items".formatted(made.path("id").asText()),
            "{'items':[{'role':'user','content':'What is it?'}]}");
    assertThat(more.path("data")).hasSize(1);
  }

  @Test
  void picturesTextsAndAdaptersAreAnsweredTogether() throws Exception {
    List<ChatMessage> looking = List.of(asking(IMAGE, textPart("What?")));
    List<ChatMessage> chatting = List.of(ChatMessage.user("Hello"));
    VisionLanguageModel tuned = model.withAdapter("tuned");
    assertThat(own(tuned, looking, PHOTO).text()).isNotEqualTo(own(model, looking, PHOTO).text());
    String look = user(part(dataUrl(PHOTO)), text("What?"));
    Map<String, String> expected =
        Map.of(
            request("vision", look), own(model, looking, PHOTO).text(),
            request("tuned", look), own(tuned, looking, PHOTO).text(),
            request("vision", "{'role':'user','content':'Hello'}"), own(model, chatting).text());
    model.limitPictures(0);
    ExecutorService clients = Executors.newFixedThreadPool(9);
    try {
      List<Callable<Boolean>> asking = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        expected.forEach(
            (ask, answer) -> asking.add(() -> said(server.answer(CHAT, ask)).equals(answer)));
      }
      for (Future<Boolean> equal : clients.invokeAll(asking)) {
        assertThat(equal.get()).isTrue();
      }
    } finally {
      clients.shutdownNow();
      model.limitPictures(VisionLanguageModel.DEFAULT_PICTURE_BYTES);
    }
  }

  @Test
  void aLongBodyIsTakenAndALongerOneRefused() throws Exception {
    String ask = request("vision", user(part(dataUrl(PHOTO)), text("What?")));
    assertThat(server.post(CHAT, " ".repeat(6 << 20) + ask).statusCode()).isEqualTo(200);
    assertThat(server.post(CHAT, " ".repeat(16 << 20) + ask).statusCode()).isEqualTo(413);
  }

  /** Returns a PNG file that states a size and ends after it. */
  private static byte[] ofSize(int width, int height) throws IOException {
    byte[] png = Files.readAllBytes(file(PHOTO));
    CRC32 checksum = new CRC32();
    checksum.update(ByteBuffer.wrap(png).putInt(16, width).putInt(20, height).array(), 12, 17);
    ByteBuffer.wrap(png).putInt(29, (int) checksum.getValue());
    return png;
  }

  private static void refused(String model, String part, String name, String reason)
      throws Exception {
    HttpResponse<String> response =
        server.post(CHAT, request(model, "{'role':'system','content':'x'}," + user(part)));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    JsonNode error = Json.parse(response.body()).path("error");
    assertThat(error.path("param").asText()).as(response.body()).isEqualTo(name);
    assertThat(error.path("message").asText()).startsWith(name + ":").contains(reason);
    assertThat(error.path("message").asText().length()).isLessThan(500);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "file:///etc/passwd|loads no pictures from elsewhere",
        "https://example.org/a.png|Send the picture itself",
        "http://169.254.169.254/latest/meta-data|loads no pictures from elsewhere",
        "data:text/html;base64,PGI+|data:image/png;base64",
        "data:image/png,abc|data:image/png;base64",
        "data:image/png;base64,a-b!|expected base64",
        "data:image/png;base64,|picture",
        "data:image/png;base64,AAAA|picture",
      })
  void whatIsNoPictureIsRefusedByName(String url, String reason) throws Exception {
    refused("vision", part(url), "messages[1].content[0].image_url.url", reason);
  }

  @Test
  void hostilePicturesAreRefusedByName() throws Exception {
    String name = "messages[1].content[0].image_url.url";
    byte[] photo = Files.readAllBytes(file(PHOTO));
    refused("vision", part(dataUrl(Arrays.copyOf(photo, photo.length / 2))), name, "");
    refused("vision", part(dataUrl(ofSize(60_000, 60_000))), name, "pixels");
    refused("vision", part(dataUrl(ofSize(Integer.MAX_VALUE, 2))), name, "");
    refused(
        "vision",
        "{'type':'image_url','image_url':7}",
        "messages[1].content[0].image_url",
        "data URL");
    refused(
        "vision",
        "{'type':'input_image','file_id':'f'}",
        "messages[1].content[0].image_url",
        "data URL");
  }

  @Test
  void modelsTellWhetherTheyReadPictures() throws Exception {
    assertThat(inputs("vision")).isEqualTo("[\"text\",\"image\"]");
    assertThat(inputs("tuned")).isEqualTo("[\"text\",\"image\"]");
    assertThat(inputs("stories")).isEqualTo("[\"text\"]");
  }

  private static String inputs(String model) throws Exception {
    JsonNode json = Json.parse(server.get("/v1/models/" + model).body());
    return json.at("/architecture/input_modalities").toString();
  }

  @Test
  void picturesAreCountedTogether() throws Exception {
    String[] many = new String[10_000];
    Arrays.fill(many, part("data:image/png;base64,AAAA"));
    refused("vision", String.join(",", many), "messages[1].content[16]", "at most 16 pictures");
    String flat = dataUrl(ofSize(8192, 8192));
    refused(
        "vision",
        part(dataUrl(PHOTO)) + "," + part(flat),
        "messages[1].content[1].image_url.url",
        "together");
  }

  @Test
  void textsReachATemplateThatReadsPartsAlone() throws Exception {
    ModelSource smolVlm = ModelSource.path(Golden.folder("multimodal/models/smolvlm"));
    try (VisionLanguageModel other =
            VisionLanguageModel.load(smolVlm, WeightFormat.asStored(), Precision.FP32);
        TestServer serving =
            TestServer.start(settings -> settings.model("smol", new ServedVision(other)))) {
      String hello = "{'role':'user','content':'Hello'}";
      JsonNode answer = serving.answer(CHAT, request("smol", hello));
      Generation expected = own(other, List.of(ChatMessage.user("Hello")));
      assertThat(said(answer)).isEqualTo(expected.text());
      assertThat(answer.at("/usage/prompt_tokens").asInt()).isEqualTo(expected.promptTokens());
      Generation looking = own(other, List.of(asking(IMAGE, textPart("What?"))), PHOTO);
      String look = user(part(dataUrl(PHOTO)), text("What?"));
      assertThat(said(serving.answer(CHAT, request("smol", look)))).isEqualTo(looking.text());
    }
  }

  @Test
  void answersAboutPicturesAreNotRecorded() throws Exception {
    List<List<ChatMessage>> recorded = new CopyOnWriteArrayList<>();
    AnswerRecorder recorder =
        new AnswerRecorder() {
          @Override
          public void answered(ServedAnswer answer) {
            recorded.add(answer.messages());
          }

          @Override
          public boolean judged(ServedFeedback feedback) {
            return false;
          }
        };
    try (TestServer recording =
        TestServer.start(
            settings -> settings.model("vision", new ServedVision(model)).recorder(recorder))) {
      String photo = user(part(dataUrl(PHOTO)), text("What?"));
      recording.answer(CHAT, request("vision", photo));
      recording.answer(CHAT, request("vision", "{'role':'user','content':'Hello'}"));
    }
    assertThat(recorded).containsExactly(List.of(ChatMessage.user("Hello")));
  }

  @Test
  void urlsAreDownloadedWhereTheyAreAllowed() throws Exception {
    HttpServer pictures =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    pictures.createContext(
        "/photo.png",
        exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(Files.readAllBytes(file(PHOTO)));
          }
        });
    pictures.start();
    String port = ":" + pictures.getAddress().getPort();
    try (TestServer allowing =
        TestServer.start(
            settings -> {
              settings.model("vision", new ServedVision(model)).allowPictureUrls();
              settings.pictureUrls =
                  new PublicDownload(
                      InetAddress::getAllByName, address -> address.isLoopbackAddress());
              return settings;
            })) {
      String photo = part("http://127.0.0.1" + port + "/photo.png");
      JsonNode answer = allowing.answer(CHAT, request("vision", user(photo, text("What is it?"))));
      assertThat(said(answer))
          .isEqualTo(own(model, List.of(asking(IMAGE, textPart("What is it?"))), PHOTO).text());
      HttpResponse<String> none =
          allowing.post(
              CHAT, request("vision", user(part("http://127.0.0.1" + port + "/none.png"))));
      assertThat(none.statusCode()).isEqualTo(400);
      assertThat(none.body()).contains("messages[0].content[0].image_url.url: ", "found 404");
    } finally {
      pictures.stop(0);
    }
    try (TestServer allowing =
        TestServer.start(
            settings -> settings.model("vision", new ServedVision(model)).allowPictureUrls())) {
      HttpResponse<String> inner =
          allowing.post(
              CHAT, request("vision", user(part("http://127.0.0.1" + port + "/photo.png"))));
      assertThat(inner.statusCode()).isEqualTo(400);
      assertThat(inner.body()).contains("not at an address of the public internet");
    }
  }

  @Test
  void aModelWithoutPicturesSaysSo() throws Exception {
    refused(TestServer.MODEL, part(dataUrl(PHOTO)), "messages[1].content[0]", "reads no pictures");
  }

  @Test
  void picturesOfOthersThanTheUserAreRefused() throws Exception {
    HttpResponse<String> response =
        server.post(
            CHAT,
            request(
                "vision",
                "{'role':'system','content':[%s]},{'role':'user','content':'x'}"
                    .formatted(part(dataUrl(PHOTO)))));
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("messages[0].content");
  }
}
