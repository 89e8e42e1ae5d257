package io.adapt4j.studio;

import io.adapt4j.studio.internal.web.Access;
import io.adapt4j.studio.internal.web.ServletFront;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Collection;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The studio as a servlet of an application, such as one of Spring Boot, on a path that ends in
 * {@code /*}:
 *
 * <pre>{@code
 * @Bean
 * ServletRegistrationBean<StudioServlet> studio() {
 *   return new ServletRegistrationBean<>(
 *       new StudioServlet(Studio.builder().workspace(Path.of("studio"))), "/studio/*");
 * }
 * }</pre>
 *
 * <p>It answers users whom the application has authenticated ({@code getUserPrincipal}); with
 * {@link Studio.Builder#token}, instead, browsers that have opened the path with {@code ?token=}.
 * Whoever may open it can read every file that the process can, and start processes. Changes are
 * refused unless they come from a page of the same host. Port, address and context path of the
 * builder are not used. Thread-safe.
 */
public final class StudioServlet extends HttpServlet {

  private static final long serialVersionUID = 1L;

  private final transient Studio.Builder builder;
  private transient @Nullable StudioScreens screens;
  private transient @Nullable ServletFront front;

  /**
   * Creates a servlet that starts a studio when it is initialized, and ends it when it is
   * destroyed.
   *
   * @param builder the workspace, the models, the token, the limit of uploads and the command that
   *     trains
   */
  public StudioServlet(Studio.Builder builder) {
    this.builder = Objects.requireNonNull(builder, "builder");
  }

  @Override
  public void init() throws ServletException {
    String context = getServletContext().getContextPath() + path();
    try {
      Access access =
          builder.token == null ? Access.ofHost() : new Access(builder.token, 0, context, false);
      screens = new StudioScreens(builder.settings(), context, access);
      front = new ServletFront(context, screens.router(), builder.token == null);
    } catch (IOException | IllegalArgumentException e) {
      throw new ServletException(e.getMessage(), e);
    }
  }

  /** The path of the mapping, with a slash at its end. */
  private String path() throws ServletException {
    ServletRegistration registration =
        getServletContext().getServletRegistration(getServletConfig().getServletName());
    Collection<String> mappings = registration.getMappings();
    return mappings.stream()
        .filter(mapping -> mapping.endsWith("/*"))
        .map(mapping -> mapping.substring(0, mapping.length() - 1))
        .findFirst()
        .orElseThrow(
            () ->
                new ServletException(
                    "StudioServlet: expected a mapping that ends in /*, found " + mappings));
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    Objects.requireNonNull(front, "init").answer(request, response);
  }

  /** Ends background work; a running training continues in its process. */
  @Override
  public void destroy() {
    if (screens != null) {
      screens.close();
    }
  }
}
