package io.adapt4j.verification.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.primitives.Bytes;
import io.adapt4j.core.FoldersInMemory;
import io.adapt4j.core.finetune.RunDescription;
import io.adapt4j.studio.Studio;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.CookieManager;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Forms that browsers send to the studio, and files of its workspace. */
final class StudioTargets {

  private static final String RUN = "cats-1";
  private static final String STORIES = Stories.FOLDER.toAbsolutePath().normalize().toString();

  /** Forms by path, with what is filled in; DATA, PLAN and EXAM are paths of what is there. */
  private static final List<String> FORMS =
      List.of(
          "?path=rows.jsonl",
          "preferences?back=plans&language=de&theme=dark",
          "DATA/doctor/fix?action=drop&of=DUPLICATES&check=DUPLICATES",
          "DATA/doctor/tokens?model=STORIES&limit=10",
          "DATA/doctor/split?percent=10",
          "DATA/doctor/test?test=",
          "PLAN/check?edited=model&model=STORIES&epochs=2&rank=4&method=lora&task=nextTokens",
          "PLAN/check?edited=yaml&yaml=model%3A+a",
          "exams?source=ID&general=&rows=5&training=",
          "EXAM/start?model=STORIES&folders=&chat=&yaml=tasks%3A+%5B%5D",
          "EXAM/correct?task=a&with=b&item=c&answer=d&view=e&page=1",
          "ship/export?run=cats-1&model=&adapter=&type=Q8_0&data=&rows=1",
          "ship/register?run=cats-1&model=&name=Cats!&exam=&note=x",
          "services?model=STORIES&name=s&tokens=4&follow=&canary=1&index=",
          "ask?service=a&first=b&second=c&source=d&prompts=e&tokens=1",
          "documents/ask?service=a&question=b",
          "documents/index?source=ID",
          "drift?reference=ID&now=ID",
          "deletion?name=cats&version=1&field=text&value=a&all=1",
          "registry/cats/promote?version=1&reason=x&alias=production&exam=");

  private StudioTargets() {}

  static List<FuzzTarget> all() {
    return List.of(
        new FuzzTarget("studio-form", StudioTargets::forms, Shared::send),
        FolderTarget.of("studio-workspace", StudioTargets::fill, StudioTargets::look));
  }

  private static List<byte[]> forms() {
    List<byte[]> seeds = new ArrayList<>();
    for (String form : FORMS) {
      byte[] body =
          form.substring(form.indexOf('?') + 1).replace("STORIES", STORIES).getBytes(UTF_8);
      seeds.add(Bytes.concat(new byte[] {(byte) seeds.size()}, body));
    }
    return seeds;
  }

  private static void fill(Path folder) throws Exception {
    try (Opened opened = new Opened(folder)) {
      opened.fill();
    }
    for (String file : Parts.ofFolder(folder).contents().keySet()) {
      boolean kept = file.matches(".*\\.(jsonl?|yaml|txt)") && !file.contains("output/");
      if (!kept || file.contains("/files/")) {
        Files.delete(folder.resolve(file));
      }
    }
  }

  /** Opens every page of a workspace. */
  private static void look(Path folder) throws Exception {
    List<String> items = new ArrayList<>();
    for (String kind : List.of("data", "plans", "exams", "runs")) {
      for (String file : Parts.ofFolder(folder).contents().keySet()) {
        if (file.matches("ws/" + kind + "/[^/]+/(source|plan|exam|run)\\.json")) {
          items.add(file.replaceAll("ws/(.*)/[^/]*", "$1"));
        }
      }
    }
    try (Opened opened = new Opened(folder)) {
      for (String page :
          List.of(
              "",
              "plans",
              "runs",
              "exams",
              "compare",
              "ship",
              "ask",
              "registry",
              "drift",
              "documents",
              "services/new",
              "registry/cats",
              "deletion?name=cats&version=1")) {
        opened.get(page);
      }
      for (String item : items) {
        opened.get(item);
        if (item.startsWith("data/")) {
          opened.get(item + "/doctor");
        }
      }
    }
  }

  /** A studio and a browser that has opened it. */
  private static final class Opened implements AutoCloseable {

    private final Path folder;
    private final Studio studio;
    private final HttpClient client =
        HttpClient.newBuilder().cookieHandler(new CookieManager()).build();

    private String data = "";
    private String plan = "";
    private String exam = "";

    Opened(Path folder) throws Exception {
      this.folder = folder;
      this.studio =
          Studio.builder()
              .workspace(folder.resolve("ws"))
              .trainer(List.of("/nowhere/at/all"))
              .start();
      client.send(HttpRequest.newBuilder(studio.link()).build(), BodyHandlers.discarding());
    }

    void fill() throws Exception {
      Path rows = folder.resolve("rows.jsonl");
      Files.writeString(rows, "{\"prompt\": \"a\", \"completion\": \"b\"}\n".repeat(10));
      addRun();
      data = post("", "path=" + encoded(rows.toString()));
      await(data, "prompts with answers");
      await(data + "/doctor", "Equal rows");
      String id = data.replaceAll(".*/", "");
      plan = post("plans", "source=" + id);
      exam = post("exams", "source=" + id + "&rows=5");
      post("ship/register", "run=" + RUN + "&name=cats");
      await("registry/cats", "Version 1");
    }

    private void addRun() throws IOException {
      Path run = Files.createDirectories(folder.resolve("ws/runs").resolve(RUN));
      Path rows = run.resolve("rows.jsonl");
      Files.writeString(rows, "{\"text\": \"Once there was a cat.\"}\n".repeat(4));
      String yaml =
          "model: %s%ndata: {path: %s}%nmethod: {lora: {rank: 1}}%nmaxSteps: 2%nmaxLength: 8%n"
              .formatted(STORIES, rows);
      Files.writeString(run.resolve("run.yaml"), yaml);
      RunDescription.parse(yaml)
          .with("output", "\"" + run.resolve("output") + "\"")
          .builder()
          .build()
          .run();
      Files.writeString(
          run.resolve("run.json"),
          """
          {"name": "cats", "plan": "", "added": "%1$s", "state": "DONE", "changed": "%1$s",
           "pid": 0, "wish": "DONE"}
          """
              .formatted(Instant.now()));
    }

    private static String encoded(String text) {
      return URLEncoder.encode(text, UTF_8);
    }

    private void await(String page, String text) throws Exception {
      for (int i = 0; !get(page).contains(text); i++) {
        if (i == 600) {
          throw new IllegalStateException(page + " never says: " + text);
        }
        Thread.sleep(50);
      }
    }

    String get(String page) throws Exception {
      return send(page, HttpRequest.newBuilder(address(page))).body();
    }

    private URI address(String page) {
      return studio.address().resolve(page.isEmpty() ? "/" : page);
    }

    /** Sends a form; returns the path of the page that it leads to. */
    String post(String path, String body) throws Exception {
      HttpResponse<String> answer =
          send(
              path + " " + body,
              HttpRequest.newBuilder(address(path))
                  .header("Content-Type", "application/x-www-form-urlencoded")
                  .header("Origin", "http://" + studio.address().getAuthority())
                  .POST(BodyPublishers.ofString(body, ISO_8859_1)));
      return answer.headers().firstValue("Location").orElse("/").replaceAll("^/|\\?.*$", "");
    }

    private HttpResponse<String> send(String what, HttpRequest.Builder request) throws Exception {
      HttpResponse<String> answer = client.send(request.build(), BodyHandlers.ofString());
      if (answer.statusCode() >= 500) {
        throw new AssertionError(answer.statusCode() + ": " + what);
      }
      return answer;
    }

    String path(String form) {
      return form.replaceAll("\\?.*", "")
          .replace("DATA", data)
          .replace("PLAN", plan)
          .replace("EXAM", exam);
    }

    @Override
    public void close() {
      studio.close();
    }
  }

  /** A studio for many forms; another one when it has become large. */
  private static final class Shared {

    private static final int MOST_FORMS = 500;

    private static Opened opened;
    private static int forms;

    private Shared() {}

    static void send(byte[] bytes) throws Exception {
      if (opened == null || forms++ > MOST_FORMS) {
        open();
      }
      if (bytes.length > 0) {
        String form = FORMS.get((bytes[0] & 0xff) % FORMS.size());
        String body = new String(Arrays.copyOfRange(bytes, 1, bytes.length), ISO_8859_1);
        opened.post(opened.path(form), body.replace("ID", opened.data.replaceAll(".*/", "")));
      }
    }

    private static void open() throws Exception {
      close();
      if (opened == null) {
        Runtime.getRuntime().addShutdownHook(new Thread(Shared::close));
      }
      forms = 0;
      opened = new Opened(FoldersInMemory.create("fuzz-studio"));
      opened.fill();
    }

    private static void close() {
      if (opened != null) {
        opened.close();
        try {
          Parts.delete(opened.folder);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }
}
