package io.adapt4j.core.finetune;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.DistillationTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.task.TeacherServer;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Distillation from a server that answers as vLLM does. */
class TeacherServerTest {

  /** Eight rows, four of them different. */
  private static final Dataset ROWS = SmallModel.sentences(8);

  @TempDir private Path folder;
  private Path model;
  private Path teaching;
  private LanguageModel teacher;
  private HttpServer server;
  private final AtomicInteger requests = new AtomicInteger();

  /** Changes an answer before it is sent. */
  private Consumer<ObjectNode> change = answer -> {};

  private int status = 200;

  @BeforeEach
  void start() throws IOException {
    model = SmallModel.write(folder.resolve("model"));
    teaching = tuner("teaching", Task.nextTokens()).epochs(8).build().run().last();
    teacher = LanguageModel.load(ModelSource.path(teaching), Precision.FP32);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/completions", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    teacher.close();
  }

  private TeacherServer address() {
    return TeacherServer.at(
        URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/v1"), "small");
  }

  private void answer(HttpExchange exchange) throws IOException {
    requests.incrementAndGet();
    JsonNode asked =
        Json.parse(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    assertThat(asked.path("model").asText()).isEqualTo("small");
    assertThat(asked.path("echo").asBoolean()).isTrue();
    int[] ids = new int[asked.path("prompt").size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = asked.path("prompt").get(i).asInt();
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ObjectNode logprobs = json.putArray("choices").addObject().putObject("logprobs");
    ArrayNode tokens = logprobs.putArray("tokens").add("token_id:" + ids[0]);
    ArrayNode tops = logprobs.putArray("top_logprobs").addNull();
    for (TokenLogprobs token : teacher.predictions(ids, asked.path("logprobs").asInt())) {
      tokens.add("token_id:" + token.tokenId());
      ObjectNode top = tops.addObject();
      // vLLM adds the token itself where it is not among the likeliest.
      top.put("token_id:" + token.tokenId(), token.logprob());
      token.top().forEach(each -> top.put("token_id:" + each.tokenId(), each.logprob()));
    }
    change.accept(json);
    byte[] bytes = json.toString().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private List<Double> losses(String output, DistillationTask task) {
    List<Double> losses = new ArrayList<>();
    tuner(output, task)
        .listener(
            new TrainingListener() {
              @Override
              public void step(StepEvent event) {
                losses.add(event.loss());
              }
            })
        .build()
        .run();
    return losses;
  }

  private FineTuner.Builder tuner(String output, Task task) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .task(task)
        .dataset(new Split(ROWS, ROWS, ROWS))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .batchSize(4)
        .epochs(2)
        .maxLength(32)
        .learningRate(1e-2)
        .seed(3)
        .output(folder.resolve(output));
  }

  @Test
  void aServerTeachesAsItsFolderDoes() {
    for (double temperature : new double[] {1, 2}) {
      Path stored = folder.resolve("served" + temperature + ".safetensors");
      List<Double> served =
          losses(
              "served" + temperature,
              Task.distillation(address(), stored, 8).temperature(temperature));
      List<Double> local =
          losses(
              "local" + temperature,
              Task.distillation(teaching)
                  .stored(folder.resolve("local" + temperature + ".safetensors"), 8)
                  .temperature(temperature));
      assertThat(served).hasSameSizeAs(local).hasSize(4);
      for (int i = 0; i < served.size(); i++) {
        assertThat(served.get(i)).isCloseTo(local.get(i), Offset.offset(1e-5));
      }
    }
  }

  @Test
  void itIsAskedOncePerRow() {
    DistillationTask task = Task.distillation(address(), folder.resolve("a.safetensors"), 8);
    List<Double> first = losses("first", task);
    assertThat(requests.get()).isEqualTo(4);
    assertThat(losses("second", task)).isEqualTo(first);
    assertThat(requests.get()).isEqualTo(4);
    FineTuner another =
        tuner(
                "third",
                Task.distillation(
                    TeacherServer.at(address().address(), "other"),
                    folder.resolve("a.safetensors"),
                    8))
            .build();
    refuses(TrainingException.class, another::run, "teacher with hash");
  }

  @Test
  void unfitAnswersAreRefusedWithARemedy() {
    change =
        answer -> ((ObjectNode) answer.at("/choices/0/logprobs")).putArray("tokens").add("Once");
    refused("log-probabilities of all", "adapt4j serve, vLLM");
    change = answer -> ((ArrayNode) answer.at("/choices/0/logprobs/tokens")).set(2, "Once");
    refused("the token token_id:", "found 'Once'", "the student's tokenizer");
    change =
        answer ->
            ((ObjectNode) answer.at("/choices/0/logprobs/top_logprobs/1")).put("token_id:512", -1);
    refused("a token id below 512", "token_id:512");
    change =
        answer ->
            ((ArrayNode) answer.at("/choices/0/logprobs/top_logprobs"))
                .set(3, JsonNodeFactory.instance.objectNode().put("token_id:5", -1));
    refused("expected 8 likeliest tokens", "found 1", "Lower top");
    change = answer -> answer.removeAll();
    refused("log-probabilities of all");
    status = 404;
    refused("the server answered 404", "Check the address");
  }

  private void refused(String... parts) {
    Path stored = folder.resolve("refused.safetensors");
    FineTuner tuner = tuner("refused", Task.distillation(address(), stored, 8)).build();
    refuses(TrainingException.class, tuner::run, parts);
    assertThat(stored).doesNotExist();
  }

  @Test
  void aServerThatIsNotThereAndAMissingKeyAreNamed() {
    TeacherServer nobody = TeacherServer.at(URI.create("http://127.0.0.1:1/v1"), "small");
    FineTuner tuner = tuner("a", Task.distillation(nobody, folder.resolve("b"), 8)).build();
    refuses(TrainingException.class, tuner::run, "http://127.0.0.1:1/v1", "Check the address");
    FineTuner keyless =
        tuner("c", Task.distillation(address().apiKeyFrom("NO_SUCH_KEY"), folder.resolve("d"), 8))
            .build();
    refuses(TrainingException.class, keyless::run, "NO_SUCH_KEY", "set it");
    assertThat(requests.get()).isZero();
  }

  @Test
  void valuesThatCannotBeRightAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TeacherServer.at(URI.create("ftp://host/v1"), "small"))
        .withMessageContaining("http://localhost:8000/v1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TeacherServer.at(URI.create("http://me:secret@host/v1"), "small"))
        .withMessageNotContaining("secret");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TeacherServer.at(address().address(), " "))
        .withMessageContaining("model");
    DistillationTask task = Task.distillation(address(), folder.resolve("a"), 8);
    assertThat(task.isSelf()).isFalse();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> task.onPolicy(0.5, 8))
        .withMessageContaining("onPolicy");
    assertThat(task.server()).isEqualTo(Optional.of(address()));
  }
}
