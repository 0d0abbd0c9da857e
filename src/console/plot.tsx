import { effect, type ReadonlySignal, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { amount } from "./format.ts";
import type { Series } from "./samples.ts";
import { theme } from "./theme.ts";

interface PlotProps {
  readonly series: ReadonlySignal<Series>;
  /** What is plotted, for who cannot see it. */
  readonly label: string;
  readonly height?: number;
  /** With times and numbers beside it. */
  readonly hasAxes?: boolean;
  readonly isStepped?: boolean;
}

/** A plot of the last minutes. It draws again when its series or the theme changes. */
export function Plot({ series, label, height = 44, hasAxes = false, isStepped = false }: PlotProps) {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const width = signal(element.clientWidth);
    const observer = new ResizeObserver(() => {
      width.value = element.clientWidth;
    });
    observer.observe(element);
    let plot: uPlot | undefined;
    const stopMaking = effect(() => {
      theme.value;
      plot?.destroy();
      const options = optionsOf(element, { width: element.clientWidth, height, hasAxes, isStepped });
      plot = new uPlot(options, dataOf(series.peek()), element);
    });
    const stopDrawing = effect(() => plot?.setData(dataOf(series.value)));
    const stopSizing = effect(() => plot?.setSize({ width: width.value, height }));
    return () => {
      for (const stop of [stopMaking, stopDrawing, stopSizing]) stop();
      observer.disconnect();
      plot?.destroy();
    };
  }, [series, height, hasAxes, isStepped]);
  return <div class="plot" ref={frame} role="img" aria-label={label} style={{ height: `${height}px` }} />;
}

const dataOf = ({ times, values }: Series): uPlot.AlignedData => [[...times], [...values]];

interface Looks {
  readonly width: number;
  readonly height: number;
  readonly hasAxes: boolean;
  readonly isStepped: boolean;
}

function optionsOf(element: HTMLElement, { width, height, hasAxes, isStepped }: Looks): uPlot.Options {
  const { color, borderColor } = getComputedStyle(element);
  const fill = color.replace("rgb(", "rgba(").replace(")", ", 0.14)");
  const axis = {
    stroke: getComputedStyle(document.body).color,
    grid: { stroke: borderColor, width: 1 },
    ticks: { show: false },
    font: "12px system-ui",
  };
  return {
    width,
    height,
    padding: hasAxes ? [12, 26, 0, 0] : [3, 0, 2, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, max) => [0, Math.max(max ?? 0, 1) * 1.1] } },
    axes: hasAxes
      ? [
          {
            ...axis,
            size: 28,
            space: 48,
            values: [
              [60, "{HH}:{mm}", null, null, null, null, null, null, 1],
              [1, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 1],
            ],
          },
          {
            ...axis,
            size: 44,
            space: 30,
            values: (_, splits) => splits.map((value) => (value % 1 === 0 ? amount(value) : "")),
          },
        ]
      : [{ show: false }, { show: false }],
    series: [
      {},
      {
        stroke: color,
        fill,
        width: 1.5,
        points: { show: false },
        ...(isStepped && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
      },
    ],
  };
}
