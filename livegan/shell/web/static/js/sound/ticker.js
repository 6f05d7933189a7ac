/* A worker's clock: browsers let those of hidden pages go once a second, and music can't wait so long. */
let going = 0;
onmessage = ({ data }) => {
  clearInterval(going);
  if (data) going = setInterval(() => postMessage(0), data);
};
